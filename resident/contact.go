package resident

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yinzheng"
)

// Contact is the contact of a case, masked, for who may hand a code over; "" when
// there is none. Errors as of Service.MayHandCode.
func (r *Residents) Contact(ctx context.Context, by *yinzheng.Account, id string) (string, error) {
	if err := r.Service.MayHandCode(ctx, by, id); err != nil {
		return "", err
	}
	c, err := r.contactOf(ctx, caseKey(id))
	if c == nil || err != nil {
		return "", err
	}
	return c.Masked(), nil
}

// caseKey is whose contact that of a case is.
func caseKey(id string) string { return (&yinzheng.Resident{Case: id}).Key() }

// contactOf is a resident's contact; nil when there is none.
func (r *Residents) contactOf(ctx context.Context, key string) (*yinzheng.ResidentContact, error) {
	c, err := r.store.ContactOf(ctx, key)
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// SetContact notes where the applicant of a case is reached, as they say at the
// counter, and in which language; an empty text erases it. They are told that the case
// was handed in, and the earlier contact that it is none any more. That it was done is
// on record, and not what it is. Errors: as of Service.MayHandCode; ErrInvalid in the
// fields "contact" and "language".
func (r *Residents) SetContact(ctx context.Context, by *yinzheng.Account, id, text, language string) error {
	if err := r.Service.MayHandCode(ctx, by, id); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return r.eraseContact(ctx, caseKey(id), by.ID)
	}
	to, err := yinzheng.ParseContact(text)
	switch {
	case err != nil:
		return err
	case language != "zh" && language != "en":
		return invalid("language", "choice", "请选择消息用中文还是英文", "Please choose the language of the messages")
	}
	c := &yinzheng.ResidentContact{Resident: caseKey(id), Contact: to, Language: language, Wants: yinzheng.WantsAll, By: by.ID}
	return r.store.Tx(ctx, func(ctx context.Context) error {
		c := *c // this may be a second run
		old, err := r.contactOf(ctx, c.Resident)
		if err != nil {
			return err
		}
		if old != nil && old.Contact == to {
			c.Wants = old.Wants // is for them to say
		}
		if err := r.keepContact(ctx, &c, old); err != nil || old != nil && old.Contact == to {
			return err
		}
		return r.Service.TellHandedIn(ctx, id)
	})
}

// keepContact puts a contact in the place of the earlier one, if any, which is told when
// it is another, in a transaction.
func (r *Residents) keepContact(ctx context.Context, c, old *yinzheng.ResidentContact) (err error) {
	if old != nil && old.Contact == c.Contact {
		c.Secret = old.Secret
	} else if c.Secret, err = yinzheng.NewStopSecret(r.Rand); err != nil {
		return err
	}
	if old != nil && old.Contact != c.Contact {
		if err := r.Service.TellGone(ctx, old); err != nil {
			return err
		}
	}
	c.At = r.now()
	if err := r.store.PutContact(ctx, c); err != nil {
		return err
	}
	if err := r.store.EraseContactProof(ctx, c.Resident); err != nil {
		return err
	}
	return r.noteContact(ctx, yinzheng.EventContactSet, c.Resident, c.By, "")
}

// eraseContact forgets a contact, which is told, and what is to be proven.
func (r *Residents) eraseContact(ctx context.Context, key, by string) error {
	return r.store.Tx(ctx, func(ctx context.Context) error {
		old, err := r.contactOf(ctx, key)
		if err != nil {
			return err
		}
		if err := r.store.EraseContact(ctx, key); err != nil || old == nil {
			return err
		}
		if err := r.Service.TellGone(ctx, old); err != nil {
			return err
		}
		return r.noteContact(ctx, yinzheng.EventContactErased, key, by, "")
	})
}

// noteContact puts on record what was done to a contact: of which case or request, and
// not whose document.
func (r *Residents) noteContact(ctx context.Context, kind, key, by, detail string) error {
	return r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: kind, Subject: cmp.Or(about(key), "resident"), By: by, Detail: detail})
}

// CanSend tells whether codes can be sent at all.
func (r *Residents) CanSend() bool {
	return slices.ContainsFunc(yinzheng.MessageChannels, r.Service.CanSend)
}

// askings counts what is asked to be sent apart from what is tried: who asks for
// codes closes nobody's way in.
const (
	askings     = "send "
	mostAskings = 30 // an hour
)

// SendCode sends a code to the contact of a case, if there is such a case, it has a
// contact, and nothing was sent there a moment ago. Who asks is told nothing of that,
// nor by the time it takes: the asking is written down in any case.
func (r *Residents) SendCode(ctx context.Context, caseID string) error {
	id, ok := yinzheng.NormalCaseID(caseID)
	if !ok {
		return nil
	}
	return r.store.Tx(ctx, func(ctx context.Context) error {
		now := r.now()
		if asked, err := r.store.CountTry(ctx, askings+id, now.Add(-triesSince), now); err != nil || asked > mostAskings {
			return err
		}
		to, err := r.store.ContactOf(ctx, caseKey(id))
		if err != nil {
			return unsaid(err)
		}
		return unsaid(r.store.Tx(ctx, func(ctx context.Context) error { return r.sendCode(ctx, id, to) }))
	})
}

// unsaid is nil for what whoever asks for a code is not told.
func unsaid(err error) error {
	for _, kind := range []error{yinzheng.ErrNotFound, yinzheng.ErrTooMany, yinzheng.ErrState, yinzheng.ErrInvalid} {
		if errors.Is(err, kind) {
			return nil
		}
	}
	return err
}

func (r *Residents) sendCode(ctx context.Context, id string, to *yinzheng.ResidentContact) error {
	c := &yinzheng.CaseCode{Case: id, Way: yinzheng.CodeSent, Expires: r.now().Add(SentCodeLife)}
	code, err := r.newCode(c)
	if err != nil {
		return err
	}
	text := yinzheng.Text{
		ZH: fmt.Sprintf("查询码 %s %s，10 分钟内有效，用来查看办件 %s。不是您本人要的，请不要理会，也不要告诉别人。", code[:4], code[4:], id),
		EN: fmt.Sprintf("Code %s %s, good for 10 minutes, to follow case %s. If you did not ask for it, ignore it and tell it to nobody.", code[:4], code[4:], id),
	}
	m := yinzheng.Message{
		Channel: to.Channel, To: to.Address, Language: to.Language, Kind: yinzheng.KindCode, About: id, Expires: c.Expires,
		Subject: yinzheng.Text{ZH: "查询码", EN: "Your code"}.In(to.Language), Body: text.In(to.Language),
	}
	if err := r.Service.Enqueue(ctx, m); err != nil {
		return err
	}
	if err := r.store.PutCaseCode(ctx, c); err != nil {
		return err
	}
	return r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: yinzheng.EventCodeSent, Subject: id, By: yinzheng.ResidentActor})
}
