package resident

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"time"

	"yinzheng"
)

// How long a code is good: one on a slip that is taken home, and one that was sent.
const (
	SlipCodeLife = 30 * 24 * time.Hour
	SentCodeLife = 10 * time.Minute
)

// The limits that make a short code safe. For one case, be there one or not, so many
// tries an hour are looked at, which in the life of a slip leaves one chance in five
// million of a hit; nobody ends somebody else's slip by guessing. From one network there
// are far fewer (package web), so that it takes many to close the way in for others. A
// code that was sent ends with so many wrong ones: another is sent at once.
const (
	mostTries  = 300
	triesSince = time.Hour
	mostWrong  = 5
)

// Handed is a code that was handed over.
type Handed struct {
	Code        string
	Expires     time.Time
	SharesEnded int
}

// HandOver makes the code that a clerk hands to the applicant at the counter. An
// earlier one ends, and with it the sessions that codes of the case have opened, and
// the contact that somebody gave who came in by one: whoever found a lost slip is out.
// With endShares the shares of the case's certificate end, too, whoever made them.
// Errors as of Service.MayHandCode.
func (r *Residents) HandOver(ctx context.Context, by *yinzheng.Account, id string, endShares bool) (*Handed, error) {
	if err := r.Service.MayHandCode(ctx, by, id); err != nil {
		return nil, err
	}
	now := r.now()
	c := &yinzheng.CaseCode{Case: id, Way: yinzheng.CodeOnSlip, Expires: now.Add(SlipCodeLife)}
	code, err := r.newCode(c)
	if err != nil {
		return nil, err
	}
	of, handed := yinzheng.Resident{Case: id}, &Handed{Code: code, Expires: c.Expires}
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		if err := r.store.PutCaseCode(ctx, c); err != nil {
			return err
		}
		if err := r.store.EndResidentSessions(ctx, of.Key()); err != nil {
			return err
		}
		if err := r.dropGivenByCode(ctx, id, by); err != nil {
			return err
		}
		if endShares {
			if handed.SharesEnded, err = r.endShares(ctx, by, id); err != nil {
				return err
			}
		}
		return r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventCodeMade, Subject: id, By: by.ID})
	})
	if err != nil {
		return nil, err
	}
	return handed, nil
}

// endShares ends the shares that hold of a case's certificate, and returns how many did.
func (r *Residents) endShares(ctx context.Context, by *yinzheng.Account, id string) (ended int, err error) {
	c, err := r.Service.Application(ctx, by, id)
	if err != nil || c.Certificate == nil {
		return 0, err
	}
	now := r.now()
	if ended, err = r.store.EndShares(ctx, c.Certificate.Code, now); err != nil || ended == 0 {
		return 0, err
	}
	return ended, r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventSharesEnded, Subject: id, By: by.ID, Detail: strconv.Itoa(ended)})
}

// dropGivenByCode erases a case's contact, unless a clerk noted it, and ends the code
// that may be on its way there.
func (r *Residents) dropGivenByCode(ctx context.Context, id string, by *yinzheng.Account) error {
	c, err := r.contactOf(ctx, caseKey(id))
	if c == nil || err != nil || c.By != yinzheng.ResidentActor {
		return err
	}
	if err := r.store.PutCaseCode(ctx, &yinzheng.CaseCode{Case: id, Way: yinzheng.CodeSent, Expires: r.now()}); err != nil {
		return err
	}
	return r.eraseContact(ctx, c.Resident, by.ID)
}

// newCode draws a code and gives the record of it its hash.
func (r *Residents) newCode(c *yinzheng.CaseCode) (string, error) {
	code, err := yinzheng.NewCaseCode(r.Rand)
	c.Hash = codeHash(c.Case, code)
	return code, err
}

// codeHash is salted by the case, so that no table of all codes serves twice.
func codeHash(id, code string) [32]byte {
	return sha256.Sum256([]byte("case code\x00" + id + "\x00" + code))
}

// SignInByCode opens a session for the one case that a code opens, and ends the
// code. Whatever is wrong, be it that there is no such case, the error is one and
// the same ErrUnauthorized, and takes as long: a try is written down in either case.
func (r *Residents) SignInByCode(ctx context.Context, caseID, typed string) (secret string, expires time.Time, err error) {
	id, isCase := yinzheng.NormalCaseID(caseID)
	code, isCode := yinzheng.NormalCaseCode(typed)
	if !isCase || !isCode {
		return "", time.Time{}, errCode()
	}
	err = r.store.Tx(ctx, func(ctx context.Context) error {
		secret = "" // this may be a second run
		right, err := r.tryCode(ctx, id, codeHash(id, code))
		if err == nil && right {
			secret, expires, err = r.open(ctx, yinzheng.Resident{Case: id})
		}
		return err // nil for a wrong code, too: that it was tried is kept
	})
	if err == nil && secret == "" {
		err = errCode()
	}
	return secret, expires, err
}

// errCode is all that is told of a code that opens nothing.
func errCode() error {
	return fail(yinzheng.ErrUnauthorized, "办件号或查询码不对，或查询码已失效。一小时内输错太多次的，过一小时再试；查询码可到受理窗口重新领取",
		"The case number or the code is wrong, or the code has ended. After many wrong tries within an hour please wait for an hour; the counter gives you another code")
}

// tryCode tells whether a code is one of a case's, and ends it if so. Past the limit
// it is not looked at.
func (r *Residents) tryCode(ctx context.Context, id string, hash [32]byte) (bool, error) {
	now := r.now()
	tries, err := r.store.CountTry(ctx, id, now.Add(-triesSince), now)
	if err != nil {
		return false, err
	}
	codes, err := r.store.CaseCodes(ctx, id, now)
	switch {
	case err != nil:
		return false, err
	case tries == mostTries+1 && len(codes) > 0:
		return false, r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventCodeTried, Subject: id, By: yinzheng.SystemActor})
	case tries > mostTries:
		return false, nil
	}
	var right *yinzheng.CaseCode
	for i := range codes {
		if subtle.ConstantTimeCompare(codes[i].Hash[:], hash[:]) == 1 {
			right = &codes[i]
		}
	}
	if right != nil {
		if err := r.store.UseCaseCode(ctx, right); err != nil {
			return false, err
		}
		return true, r.store.Record(ctx, yinzheng.Event{At: now, Kind: yinzheng.EventCodeUsed, Subject: id, By: yinzheng.ResidentActor, Detail: string(right.Way)})
	}
	return false, r.store.MissCaseCodes(ctx, id, yinzheng.CodeSent, mostWrong)
}
