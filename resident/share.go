package resident

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"yinzheng"
)

// ShareDays are for how many days a certificate can be shared.
var ShareDays = []int{1, 7, 30}

// OnceLife is how long a share that opens once stands open after that: time enough
// to read it and to take the file.
const OnceLife = 10 * time.Minute

const (
	shareBytes    = 16 // of a link's secret
	mostShares    = 10 // that hold at a time, of one certificate
	mostADay      = 20 // made, whatever became of them
	mostNote      = 40 // characters of a note
	shownShares   = 30
	shownOpenings = 20
)

// NewShare is a share as it is asked for.
type NewShare struct {
	Days int    // one of ShareDays
	Once bool   // ends OnceLife after it was first opened
	Note string // whom it is for, for the resident to remember
}

// ShareView is a share as those see it whom the certificate belongs to.
type ShareView struct {
	yinzheng.Share
	Live   bool
	Opened []yinzheng.ShareOpening // the newest
}

// Share makes a link by which anybody who has it sees a certificate of a resident's,
// and returns its secret, which is kept only as a hash. Errors: ErrNotFound for a
// certificate that is not theirs, ErrState for one that is not in force or is shared
// too often already, ErrInvalid.
func (r *Residents) Share(ctx context.Context, who *yinzheng.Resident, code string, in *NewShare) (secret string, err error) {
	own, err := r.Service.OwnCertificate(ctx, who, code)
	if err != nil {
		return "", err
	}
	if own.Status != yinzheng.StatusOK {
		return "", fail(yinzheng.ErrState, "这份证明已不在有效状态，不能分享", "The certificate is not in force and cannot be shared")
	}
	if err := in.check(); err != nil {
		return "", err
	}
	if secret, err = r.secret(shareBytes); err != nil {
		return "", err
	}
	now := r.now()
	s := &yinzheng.Share{Hash: shareHash(secret), Code: own.Code, Note: in.Note, Once: in.Once, MadeAt: now, Expires: now.AddDate(0, 0, in.Days)}
	return secret, r.store.Tx(ctx, func(ctx context.Context) error {
		if err := r.mayShare(ctx, own.Code, now); err != nil {
			return err
		}
		if err := r.store.AddShare(ctx, s); err != nil {
			return err
		}
		return r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventShared, Subject: own.Code, By: yinzheng.ResidentActor, Detail: fmt.Sprintf("%d days", in.Days)})
	})
}

// mayShare refuses one share too many; ErrState.
func (r *Residents) mayShare(ctx context.Context, code string, now time.Time) error {
	shares, err := r.store.SharesOf(ctx, code, now, mostShares)
	switch {
	case err != nil:
		return err
	case len(shares) == mostShares && shares[mostShares-1].Holds(now):
		return fail(yinzheng.ErrState, "这份证明同时最多有 10 个有效分享，请先收回用不着的", "At most ten shares of a certificate hold at a time; please withdraw those that are not needed")
	}
	made, err := r.store.SharesSince(ctx, code, now.AddDate(0, 0, -1))
	if err == nil && made >= mostADay {
		err = fail(yinzheng.ErrState, "这份证明一天最多分享 20 次，请明天再试", "A certificate can be shared twenty times a day; please try again tomorrow")
	}
	return err
}

// check refuses what no form offers, and a note that tells more than whom a share
// is for.
func (in *NewShare) check() error {
	var faults []yinzheng.FieldError
	if !slices.Contains(ShareDays, in.Days) {
		faults = append(faults, yinzheng.FieldError{Field: "days", Code: "choice", Text: yinzheng.Text{ZH: "请选择 1、7 或 30 天", EN: "Please choose 1, 7 or 30 days"}})
	}
	if in.Note != "" {
		note, fault := yinzheng.ForRecord("note", in.Note, func(string) bool { return false })
		switch {
		case fault != nil && fault.Code == "required":
			faults = append(faults, yinzheng.FieldError{Field: "note", Code: "too-short", Text: yinzheng.Text{ZH: "备注请写两个字以上，或不写", EN: "A note has two characters or more, or is left out"}})
		case fault != nil:
			faults = append(faults, *fault)
		case len([]rune(note)) > mostNote:
			faults = append(faults, yinzheng.FieldError{Field: "note", Code: "too-long", Text: yinzheng.Text{ZH: "最多 40 字", EN: "At most 40 characters"}})
		}
		in.Note = note
	}
	if len(faults) > 0 {
		return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "分享没有建立", EN: "Nothing was shared"}, Fields: faults}
	}
	return nil
}

func shareHash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// Shares lists the shares of a certificate of a resident's, those that hold first,
// with when they were opened; ErrNotFound.
func (r *Residents) Shares(ctx context.Context, who *yinzheng.Resident, code string) ([]ShareView, error) {
	own, err := r.Service.OwnCertificate(ctx, who, code)
	if err != nil {
		return nil, err
	}
	shares, err := r.store.SharesOf(ctx, own.Code, r.now(), shownShares)
	if err != nil {
		return nil, err
	}
	views := make([]ShareView, len(shares))
	for i := range shares {
		views[i] = ShareView{Share: shares[i], Live: shares[i].Holds(r.now())}
		if views[i].Opened, err = r.store.Openings(ctx, shares[i].ID, shownOpenings); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// Withdraw ends a share of a certificate of a resident's; ErrNotFound.
func (r *Residents) Withdraw(ctx context.Context, who *yinzheng.Resident, code string, id int64) error {
	own, err := r.Service.OwnCertificate(ctx, who, code)
	if err != nil {
		return err
	}
	now := r.now()
	return r.store.Tx(ctx, func(ctx context.Context) error {
		if err := r.store.WithdrawShare(ctx, own.Code, id, now); err != nil {
			return err
		}
		return r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventShareEnded, Subject: own.Code, By: yinzheng.ResidentActor})
	})
}

// Shared is a certificate as somebody sees it who was given a link.
type Shared struct {
	Answer *yinzheng.Answer // of verifying its file just now
	Until  time.Time        // when the link ends
	Asks   bool             // it opens once, and waits to be told to: nothing is shown yet
	file   []byte
	name   string
}

// Offered tells whether the file is offered, too: not of a certificate that has
// ended, which a copy of the file would not tell.
func (s *Shared) Offered() bool { return s.Answer != nil && s.Answer.Verdict == yinzheng.Valid }

// OpenShare shows what a link shares, and counts that. Whatever keeps it from being
// shown, be it that there is no such link, the error is one and the same ErrNotFound.
// One that opens once waits for pressed: programs look at links, too.
func (r *Residents) OpenShare(ctx context.Context, secret string, pressed bool) (*Shared, error) {
	return r.openShare(ctx, secret, "page", pressed)
}

// ShareFile is OpenShare for the certificate's file.
func (r *Residents) ShareFile(ctx context.Context, secret string) (file []byte, name string, err error) {
	s, err := r.openShare(ctx, secret, "file", false)
	switch {
	case err != nil:
		return nil, "", err
	case !s.Offered():
		return nil, "", errShare()
	}
	return s.file, s.name, nil
}

func errShare() error {
	return fail(yinzheng.ErrNotFound, "这个链接打不开：可能已过期、已收回、已用过，或地址不完整。请向分享的人要一个新的",
		"This link opens nothing: it may have expired, been withdrawn or used, or the address is incomplete. Please ask whoever shared it for a new one")
}

func (r *Residents) openShare(ctx context.Context, secret, what string, pressed bool) (*Shared, error) {
	now := r.now()
	s, err := r.store.Share(ctx, shareHash(secret))
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return nil, errShare()
	case err != nil:
		return nil, err
	case !s.Holds(now):
		return nil, errShare()
	case s.Once && s.Openings == 0 && !pressed:
		return &Shared{Until: s.Expires, Asks: true}, nil
	}
	cert, err := r.store.Certificate(ctx, s.Code)
	if err != nil {
		return nil, err
	}
	out := &Shared{Until: s.Expires, name: cert.Template.Code + "-" + cert.Code + ".pdf"}
	if out.file, err = r.store.PDF(ctx, s.Code); err != nil {
		return nil, err
	}
	if out.Answer, err = r.Service.Verify(ctx, &yinzheng.Question{File: out.file}); err != nil {
		return nil, err
	}
	out.Answer.Successor = "" // is not shared
	if end := now.Add(OnceLife); s.Once && s.Openings == 0 && end.Before(s.Expires) {
		out.Until = end
	}
	return out, r.store.NoteOpening(ctx, s.ID, yinzheng.ShareOpening{At: now, What: what}, out.Until)
}
