package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"yinzheng"
)

// organKeys are the keys of an organ, those in use first.
type organKeys struct {
	Organ string // empty: the service's own
	Code  string
	Keys  []*yinzheng.KeyView
}

// keyStates are the states of keys.
var keyStates = map[yinzheng.KeyState]yinzheng.Text{
	yinzheng.KeyActive: {ZH: "在用", EN: "Active"}, yinzheng.KeyRetired: {ZH: "停用，以前签的仍可核验", EN: "Retired; what it signed still verifies"},
	yinzheng.KeySuspended: {ZH: "中止", EN: "Suspended"}, yinzheng.KeyCompromised: {ZH: "泄露", EN: "Compromised"},
}

// keyChanges are what may be proposed of a key.
var keyChanges = map[yinzheng.KeyChange]yinzheng.Text{
	yinzheng.LiftKey: {ZH: "恢复使用", EN: "Lift the suspension"}, yinzheng.RotateKey: {ZH: "更换密钥", EN: "Rotate the key"},
	yinzheng.CompromiseKey: {ZH: "宣布泄露", EN: "Declare it compromised"},
}

// KeyStateName names a key's state.
func (d *desk) KeyStateName(x yinzheng.KeyState) string { return d.T(keyStates[x]) }

// KeyChangeName names a change of a key.
func (d *desk) KeyChangeName(x yinzheng.KeyChange) string { return d.T(keyChanges[x]) }

// PurposeName names what a key is for.
func (d *desk) PurposeName(x yinzheng.KeyPurpose) string { return d.T(purposeNames[x]) }

// sealsPage shows the keys of all seals.
func (s *server) sealsPage(v *visit) error {
	keys, err := s.Service.KeysInCare(v.Context(), v.by)
	if err != nil {
		return err
	}
	var list []*organKeys
	for _, k := range keys { // an organ's stand together
		if n := len(list); n == 0 || list[n-1].Code != k.Organ {
			o := &organKeys{Code: k.Organ}
			if k.Organ != "" {
				o.Organ = k.OrganName
			}
			list = append(list, o)
		}
		o := list[len(list)-1]
		o.Keys = append(o.Keys, k)
	}
	return s.draw(v, http.StatusOK, "admin-seals", yinzheng.Text{ZH: "印章与密钥", EN: "Seals and keys"}, list)
}

// sealPageView is one key, what was done to it, and what may be.
type sealPageView struct {
	Key      *yinzheng.KeyView
	Suspend  bool   // it may be suspended
	Proposer string // name of who proposed what waits
	Mine     bool   // whoever looks did
	Follower string // a key made in its place
	Faults   []yinzheng.FieldError
	Tried    string // the act whose form was sent
	Form     url.Values
}

func (s *server) sealPage(v *visit) error {
	return s.drawSeal(v, http.StatusOK, &sealPageView{Form: url.Values{}})
}

func (s *server) drawSeal(v *visit, status int, view *sealPageView) error {
	var err error
	if view.Key, err = s.Service.KeyInCare(v.Context(), v.by, v.PathValue("kid")); err != nil {
		return err
	}
	view.Suspend = view.Key.State == yinzheng.KeyActive
	if p := view.Key.Proposal; p != nil {
		view.Proposer, view.Mine = s.calledPerson(v, p.By), p.By == v.by.ID
	}
	for _, e := range view.Key.History {
		if e.Kind == yinzheng.EventKeyRotated {
			view.Follower = e.Detail
		}
	}
	slices.Reverse(view.Key.History)
	name := purposeNames[view.Key.Purpose]
	return s.draw(v, status, "admin-seal", yinzheng.Text{ZH: view.Key.OrganName + " " + name.ZH, EN: view.Key.OrganName + ": " + name.EN}, view)
}

// sealForm does one thing to a key.
func (s *server) sealForm(v *visit) error {
	act := v.PostForm.Get("act")
	err := s.actOnKey(v, act)
	if faults := faultsOf(err); faults != nil {
		return s.drawSeal(v, http.StatusUnprocessableEntity, &sealPageView{Faults: faults, Tried: act, Form: v.PostForm})
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/admin/seals/"+v.PathValue("kid"), "key-"+act)
}

func (s *server) actOnKey(v *visit, act string) (err error) {
	ctx, kid, seen, reason := v.Context(), v.PathValue("kid"), v.seen(), v.PostForm.Get("reason")
	switch act {
	case "suspend":
		_, err = s.Service.SuspendKey(ctx, v.by, kid, seen, reason)
	case "confirm":
		_, err = s.Service.ConfirmKeyChange(ctx, v.by, kid, seen)
	case "decline":
		_, err = s.Service.DeclineKeyChange(ctx, v.by, kid, seen, reason)
	default:
		in := &yinzheng.KeyRequest{Change: yinzheng.KeyChange(act), Reason: reason}
		if in.Since, err = minuteIn(v.PostForm, "since"); err == nil {
			_, err = s.Service.ProposeKeyChange(ctx, v.by, kid, seen, in)
		}
	}
	return err
}

// minuteIn reads a day and a time of it in the offices' zone; the zero time when it
// was left out.
func minuteIn(form url.Values, field string) (time.Time, error) {
	text := form.Get(field)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", text, yinzheng.Zone)
	if err != nil {
		return t, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: []yinzheng.FieldError{
			{Field: field, Code: "date", Text: yinzheng.Text{ZH: "时间应如 2026-12-01T08:30", EN: "Expected a time such as 2026-12-01T08:30"}},
		}}
	}
	return t, nil
}
