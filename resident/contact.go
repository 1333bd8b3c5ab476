package resident

import (
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
	c, err := r.store.CaseContact(ctx, id)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	return c.Masked(), nil
}

// SetContact notes where the applicant of a case is reached, as they say at the
// counter, and in which language; an empty text erases it. That it was done is on
// record, and not what it is. Errors: as of Service.MayHandCode; ErrInvalid in the
// field "contact".
func (r *Residents) SetContact(ctx context.Context, by *yinzheng.Account, id, text, language string) error {
	if err := r.Service.MayHandCode(ctx, by, id); err != nil {
		return err
	}
	event := yinzheng.Event{At: r.now(), Kind: yinzheng.EventContactErased, Subject: id, By: by.ID}
	keep := func(ctx context.Context) error { return r.store.EraseCaseContact(ctx, id) }
	if strings.TrimSpace(text) != "" {
		c, err := yinzheng.ParseContact(text)
		if err != nil {
			return err
		}
		event.Kind = yinzheng.EventContactSet
		keep = func(ctx context.Context) error {
			return r.store.PutCaseContact(ctx, &yinzheng.CaseContact{Case: id, Contact: c, Language: language, By: by.ID, At: r.now()})
		}
	}
	return r.store.Tx(ctx, func(ctx context.Context) error {
		if err := keep(ctx); err != nil {
			return err
		}
		return r.store.Record(ctx, event)
	})
}

// CanSend tells whether codes can be sent at all.
func (r *Residents) CanSend() bool {
	return slices.ContainsFunc(yinzheng.MessageChannels, r.Service.CanSend)
}

// askings counts what is asked to be sent apart from what is tried: who asks for
// codes closes nobody's way in.
const askings = "send "

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
		if asked, err := r.store.CountTry(ctx, askings+id, now.Add(-triesSince), now); err != nil || asked > mostTries {
			return err
		}
		to, err := r.store.CaseContact(ctx, id)
		if err != nil {
			return unsaid(err)
		}
		return unsaid(r.store.Tx(ctx, func(ctx context.Context) error { return r.sendCode(ctx, to) }))
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

func (r *Residents) sendCode(ctx context.Context, to *yinzheng.CaseContact) error {
	c := &yinzheng.CaseCode{Case: to.Case, Way: yinzheng.CodeSent, Expires: r.now().Add(SentCodeLife)}
	code, err := r.newCode(c)
	if err != nil {
		return err
	}
	text := yinzheng.Text{
		ZH: fmt.Sprintf("查询码 %s %s，10 分钟内有效，用来查看办件 %s。不是您本人要的，请不要理会，也不要告诉别人。", code[:4], code[4:], to.Case),
		EN: fmt.Sprintf("Code %s %s, good for 10 minutes, to follow case %s. If you did not ask for it, ignore it and tell it to nobody.", code[:4], code[4:], to.Case),
	}
	m := yinzheng.Message{
		Channel: to.Channel, To: to.Address, Language: to.Language, Kind: yinzheng.KindCode, About: to.Case, Expires: c.Expires,
		Subject: yinzheng.Text{ZH: "查询码", EN: "Your code"}.In(to.Language), Body: text.In(to.Language),
	}
	if err := r.Service.Enqueue(ctx, m); err != nil {
		return err
	}
	if err := r.store.PutCaseCode(ctx, c); err != nil {
		return err
	}
	return r.store.Record(ctx, yinzheng.Event{At: r.now(), Kind: yinzheng.EventCodeSent, Subject: to.Case, By: yinzheng.ResidentActor})
}
