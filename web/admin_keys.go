package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"yinzheng"
)

// organKeys are the keys of an organ, those in use first.
type organKeys struct {
	Organ string // empty: the service's own
	Code  string
	Keys  []keyLine
}

type keyLine struct {
	*yinzheng.Key
	Soon bool // expires within 90 days
}

// keyStates are the states of keys.
var keyStates = map[yinzheng.KeyState]yinzheng.Text{
	yinzheng.KeyActive: {ZH: "在用", EN: "Active"}, yinzheng.KeyRetired: {ZH: "停用，以前签的仍可核验", EN: "Retired; what it signed still verifies"},
	yinzheng.KeySuspended: {ZH: "中止", EN: "Suspended"}, yinzheng.KeyCompromised: {ZH: "泄露", EN: "Compromised"},
}

// KeyStateName names a key's state, PurposeName what it is for.
func (d *desk) KeyStateName(x yinzheng.KeyState) string { return d.T(keyStates[x]) }

// PurposeName names what a key is for.
func (d *desk) PurposeName(x yinzheng.KeyPurpose) string { return d.T(purposeNames[x]) }

// keysPage shows the keys of all seals. They are made and changed where the
// private ones lie, on the server, and by a reorganisation.
func (s *server) keysPage(v *visit) error {
	now := s.Service.Now()
	if _, err := s.Service.Directory().Runs(v.by, now); err != nil {
		return err
	}
	byOrgan := map[string]*organKeys{}
	var list []*organKeys
	for _, k := range s.Service.KeyList().Keys {
		if byOrgan[k.Organ] == nil {
			byOrgan[k.Organ] = &organKeys{Code: k.Organ}
			if k.Organ != "" {
				byOrgan[k.Organ].Organ = k.OrganName
			}
			list = append(list, byOrgan[k.Organ])
		}
		o := byOrgan[k.Organ]
		o.Keys = append(o.Keys, keyLine{k, expiresSoon(k, now)})
	}
	for _, o := range list {
		slices.SortStableFunc(o.Keys, func(a, b keyLine) int {
			if a.InForce(now) != b.InForce(now) {
				if a.InForce(now) {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), b.NotBefore.Compare(a.NotBefore))
		})
	}
	slices.SortStableFunc(list, func(a, b *organKeys) int { return cmp.Compare(a.Code, b.Code) })
	return s.draw(v, http.StatusOK, "admin-keys", yinzheng.Text{ZH: "印章与密钥", EN: "Seals and keys"}, list)
}

// expiresSoon tells whether a key that signs now ends within 90 days.
func expiresSoon(k *yinzheng.Key, now time.Time) bool {
	return k.InForce(now) && k.NotAfter.Before(now.AddDate(0, 0, 90))
}
