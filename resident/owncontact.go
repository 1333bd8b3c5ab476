package resident

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"yinzheng"
)

// OwnContact is where a resident is reached, as they see it.
type OwnContact struct {
	Masked string // "": nowhere
	Wants  yinzheng.Wants

	Proving string // masked: a contact whose code they have to type; "": none
}

// The limits of codes that prove a contact; each recipient has its own, too
// (Service.Enqueue).
const (
	proofLife     = 10 * time.Minute
	mostProofs    = 5 // codes that a resident has sent an hour
	mostProofMiss = 5
)

// wantsNow are the choices that there are.
var wantsNow = map[yinzheng.Wants]bool{yinzheng.WantsAll: true, yinzheng.WantsAsked: true, yinzheng.WantsNone: true}

func errWants() error {
	return invalid("wants", "choice", "请选择要收哪些消息", "Please choose which messages you want")
}

// OwnContact shows a resident where they are reached: about everything that is theirs
// by their document, or about the one case or request that they came by.
func (r *Residents) OwnContact(ctx context.Context, who *yinzheng.Resident) (*OwnContact, error) {
	c, err := r.contactOf(ctx, who.Key())
	if err != nil {
		return nil, err
	}
	own := &OwnContact{Wants: yinzheng.WantsAll}
	if c != nil {
		own.Masked, own.Wants = c.Masked(), c.Wants
	}
	p, err := r.proof(ctx, who.Key())
	if p != nil {
		own.Proving, own.Wants = p.Masked(), p.Wants
	}
	return own, err
}

// AskContact sends a code to a contact that a resident says is theirs; it is theirs once
// they have typed the code (ProveContact). Whether it was sent, or something was sent
// there a moment ago, they are not told: others may have asked. Whom nobody knows, since
// they have but a request, has none sent abroad, where a message costs the most. Once
// all is in order, may is asked whether one may be sent now, and its error returned; nil:
// it may. Errors: ErrInvalid in the fields "contact" and "wants", also where nobody serves
// the channel; ErrTooMany for a resident who had too many sent.
func (r *Residents) AskContact(ctx context.Context, who *yinzheng.Resident, text, language string, wants yinzheng.Wants, may func() error) error {
	to, err := yinzheng.ParseContact(text)
	switch {
	case err != nil:
		return err
	case !wantsNow[wants]:
		return errWants()
	case !r.Service.CanSend(to.Channel):
		return invalid("contact", "channel", "本系统没有开通"+to.Channel.Name().ZH+"，请填另一种", "No "+to.Channel.Name().EN+" is sent from here; please give another contact")
	case who.Proof() == yinzheng.ByRequest && to.Abroad():
		return invalid("contact", "abroad", "没有核实身份时，只能填中国内地手机号或邮箱。境外号码请到窗口登记", "Without a verified identity only a mobile number of mainland China or a mail address can be given. Please have a number abroad noted at the counter")
	}
	if may != nil {
		if err := may(); err != nil {
			return err
		}
	}
	p := &yinzheng.ContactProof{Resident: who.Key(), Contact: to, Language: language, Wants: wants, Expires: r.now().Add(proofLife)}
	code, err := yinzheng.NewCaseCode(r.Rand)
	if err != nil {
		return err
	}
	p.Hash = proofHash(p.Resident, code)
	refused := false
	err = r.store.Tx(ctx, func(ctx context.Context) (err error) {
		if refused, err = r.asksTooMuch(ctx, p.Resident); err != nil || refused {
			return err
		}
		sent := r.Service.Enqueue(ctx, proofMessage(p, code))
		if errors.Is(sent, yinzheng.ErrTooMany) {
			before, err := r.proof(ctx, p.Resident)
			if err != nil || before != nil && before.Contact == to { // the code that was sent a moment ago still counts
				return err
			}
		} else if sent != nil {
			return sent
		}
		return r.store.PutContactProof(ctx, p)
	})
	if err == nil && refused {
		err = fail(yinzheng.ErrTooMany, "您一小时内要的验证码太多，请过一小时再试", "You had too many codes sent; please try again in an hour")
	}
	return err
}

// asksTooMuch counts the codes that a resident has sent to whomever.
func (r *Residents) asksTooMuch(ctx context.Context, key string) (bool, error) {
	sum := sha256.Sum256([]byte("contact of " + key))
	now := r.now()
	before, err := r.store.AddRequest(ctx, hex.EncodeToString(sum[:]), now, now.Add(-time.Hour))
	return len(before) >= mostProofs, err
}

// proof is what a resident has to prove; nil: nothing.
func (r *Residents) proof(ctx context.Context, key string) (*yinzheng.ContactProof, error) {
	p, err := r.store.ContactProof(ctx, key, r.now())
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, nil
	}
	return p, err
}

func proofHash(key, code string) [32]byte {
	return sha256.Sum256([]byte("contact code\x00" + key + "\x00" + code))
}

func proofMessage(p *yinzheng.ContactProof, code string) yinzheng.Message {
	text := yinzheng.Text{
		ZH: fmt.Sprintf("验证码 %s %s，10 分钟内有效，用来登记接收办件消息。不是您本人要的，请不要理会，也不要告诉别人。", code[:4], code[4:]),
		EN: fmt.Sprintf("Code %s %s, good for 10 minutes, to have messages about your cases sent here. If you did not ask for it, ignore it and tell it to nobody.", code[:4], code[4:]),
	}
	return yinzheng.Message{
		Channel: p.Channel, To: p.Address, Language: p.Language, Kind: yinzheng.KindCode, Expires: p.Expires,
		Subject: yinzheng.Text{ZH: "验证码", EN: "Your code"}.In(p.Language), Body: text.In(p.Language),
	}
}

// ProveContact makes the contact that a code was sent to a resident's. The earlier one
// is told. ErrInvalid, in the field "code", whatever is wrong.
func (r *Residents) ProveContact(ctx context.Context, who *yinzheng.Resident, typed string) error {
	key, proven := who.Key(), false
	code, _ := yinzheng.NormalCaseCode(typed)
	hash := proofHash(key, code)
	err := r.store.Tx(ctx, func(ctx context.Context) error {
		p, err := r.proof(ctx, key)
		switch proven = false; {
		case err != nil || p == nil:
			return err
		case subtle.ConstantTimeCompare(p.Hash[:], hash[:]) != 1:
			return r.store.MissContactProof(ctx, key, mostProofMiss)
		}
		proven = true
		old, err := r.contactOf(ctx, key)
		if err != nil {
			return err
		}
		c := &yinzheng.ResidentContact{Resident: key, Contact: p.Contact, Language: p.Language, Wants: p.Wants, By: yinzheng.ResidentActor}
		return r.keepContact(ctx, c, old)
	})
	if err == nil && !proven {
		err = invalid("code", "wrong", "验证码不对，或已失效。输错 5 次即失效，请重新发送", "The code is wrong, or has ended. After five wrong tries it ends; please have another sent")
	}
	return err
}

// about is the case or request that a contact is for; "": everything of a document's.
func about(key string) string {
	for _, kind := range []string{"case:", "request:"} {
		if id, of := strings.CutPrefix(key, kind); of {
			return id
		}
	}
	return ""
}

// ChooseMessages notes which messages a resident wants. ErrInvalid in the field "wants",
// ErrNotFound for who has no contact.
func (r *Residents) ChooseMessages(ctx context.Context, who *yinzheng.Resident, wants yinzheng.Wants) error {
	return r.choose(ctx, wants, r.store.ContactOf, who.Key())
}

// DropContact forgets where a resident is reached; the contact is told.
func (r *Residents) DropContact(ctx context.Context, who *yinzheng.Resident) error {
	return r.eraseContact(ctx, who.Key(), yinzheng.ResidentActor)
}

// Stopping is which messages go to the contact whose stop page has a secret, and whether
// they are about one case or request alone. One ErrNotFound for every secret that is
// none any more.
func (r *Residents) Stopping(ctx context.Context, secret string) (wants yinzheng.Wants, one bool, err error) {
	c, err := r.store.ContactBySecret(ctx, secret)
	if err != nil {
		return "", false, stopped(err)
	}
	return c.Wants, about(c.Resident) != "", nil
}

// Stop notes which messages whoever reads them wants, by the secret of the stop page.
// Errors as of Stopping, and ErrInvalid in the field "wants".
func (r *Residents) Stop(ctx context.Context, secret string, wants yinzheng.Wants) error {
	return stopped(r.choose(ctx, wants, r.store.ContactBySecret, secret))
}

// stopped says the same of every secret that stops nothing.
func stopped(err error) error {
	if errors.Is(err, yinzheng.ErrNotFound) {
		return fail(yinzheng.ErrNotFound, "这个链接已经不起作用：联系方式已更改或删除，不会再有消息发到那里", "This link does nothing any more: the contact was changed or removed, and no more messages go there")
	}
	return err
}

func (r *Residents) choose(ctx context.Context, wants yinzheng.Wants, find func(context.Context, string) (*yinzheng.ResidentContact, error), key string) error {
	if !wantsNow[wants] {
		return errWants()
	}
	return r.store.Tx(ctx, func(ctx context.Context) error {
		c, err := find(ctx, key)
		if err != nil || c.Wants == wants {
			return err
		}
		c.Wants = wants
		if err := r.store.PutContact(ctx, c); err != nil {
			return err
		}
		return r.noteContact(ctx, yinzheng.EventMessagesChosen, c.Resident, yinzheng.ResidentActor, string(wants))
	})
}
