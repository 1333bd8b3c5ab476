package yinzheng

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// PersonView is a person as the administrator of some of their offices sees
// them: with the posts in those offices only.
type PersonView struct {
	Account  string  `json:"-"`
	Username string  `json:"username"`
	Name     string  `json:"name"`
	ID       string  `json:"id"` // of their document, masked
	Version  int     `json:"version"`
	Disabled bool    `json:"disabled,omitempty"`
	Waiting  bool    `json:"waiting,omitempty"` // has set no password yet
	Posts    []Grant `json:"posts"`             // past and future ones too; lent ones say whose they are

	Claim *ClaimLink `json:"claim,omitempty"`
}

// ClaimLink is where the owner of an account sets the first password, once.
type ClaimLink struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires_at"`
}

// NewPerson is somebody who is to have an account, with a first post.
type NewPerson struct {
	Username string      `json:"username"`
	Name     string      `json:"name"`
	ID       ID          `json:"id"`
	Post     Appointment `json:"post"`
}

// Operator is whoever works on the machine itself: an administrator of every
// office. Nobody signs in as it.
func (s *Service) Operator() *Account {
	a := &Account{ID: operatorID, Username: operatorID, Name: operatorID}
	for _, o := range s.Directory().Offices {
		a.Grants = append(a.Grants, Grant{Office: o.ID, Role: Admin})
	}
	return a
}

// operatorID is By of what the operator did.
const operatorID = "operator"

// Administers tells whether somebody appoints the people of an office now.
func (s *Service) Administers(by *Account, office string) bool {
	return s.administers(by, office, s.Now())
}

// administers tells whether somebody appoints the people of an office: by an
// administrator's post of their own there or in an office above. A lent one does
// not do: who stands in at a desk is not trusted with everybody's.
func (s *Service) administers(by *Account, office string, now time.Time) bool {
	return !by.Disabled && slices.ContainsFunc(by.Grants, func(g Grant) bool {
		return g.Role == Admin && g.For == "" && g.active(now) && s.Directory().Oversees(g.Office, office)
	})
}

// mayAdminister refuses whoever is no administrator of anything.
func (s *Service) mayAdminister(by *Account, now time.Time) error {
	if !slices.ContainsFunc(by.Grants, func(g Grant) bool { return s.administers(by, g.Office, now) }) {
		return fail(ErrForbidden, "只有系统管理员可以这样做", "Only an administrator may do this")
	}
	return nil
}

// mayAdministerOffice refuses whoever does not administer an office: ErrForbidden
// for somebody who administers nothing, ErrNotFound for others.
func (s *Service) mayAdministerOffice(by *Account, office string, now time.Time) error {
	if err := s.mayAdminister(by, now); err != nil {
		return err
	}
	if !s.administers(by, office, now) {
		return fail(ErrNotFound, "没有找到这个单位", "There is no such office")
	}
	return nil
}

// errNoPerson is what an administrator learns of somebody none of whose posts
// is in their offices.
func errNoPerson() error {
	return fail(ErrNotFound, "没有找到这个账号", "There is no such account")
}

// person reads an account, if it exists for this administrator.
func (s *Service) person(ctx context.Context, by *Account, username string, now time.Time) (*Account, error) {
	a, err := s.Store.AccountByUsername(ctx, normalUsername(username))
	return s.existing(by, a, err, now)
}

// existing returns an account that was looked for, if it exists for this
// administrator.
func (s *Service) existing(by, a *Account, err error, now time.Time) (*Account, error) {
	if err := s.mayAdminister(by, now); err != nil {
		return nil, err
	}
	if errors.Is(err, ErrNotFound) {
		return nil, errNoPerson()
	}
	if err != nil {
		return nil, err
	}
	if !s.hasPostBelow(by, a, now) {
		return nil, errNoPerson()
	}
	return a, nil
}

// hasPostBelow tells whether somebody has, had or will have a post of their own
// in an office that another person administers.
func (s *Service) hasPostBelow(by, a *Account, now time.Time) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.For == "" && s.administers(by, g.Office, now) })
}

func (s *Service) personView(by, a *Account, now time.Time) *PersonView {
	v := &PersonView{Account: a.ID, Username: a.Username, Name: a.Name, ID: MaskID(a.Person), Version: a.Version, Disabled: a.Disabled, Waiting: a.Password == "", Posts: []Grant{}}
	for _, g := range a.Grants {
		if s.administers(by, g.Office, now) {
			v.Posts = append(v.Posts, g)
		}
	}
	return v
}

// Person shows one person. Errors: ErrForbidden for somebody who administers
// nothing, ErrNotFound when none of the person's posts is in their offices.
func (s *Service) Person(ctx context.Context, by *Account, username string) (*PersonView, error) {
	now := s.now()
	a, err := s.person(ctx, by, username, now)
	if err != nil {
		return nil, err
	}
	return s.personView(by, a, now), nil
}

// PersonWith is Person by the account's ID, which tells no name, as a user name
// often does.
func (s *Service) PersonWith(ctx context.Context, by *Account, account string) (*PersonView, error) {
	now := s.now()
	a, err := s.Store.Account(ctx, account)
	if a, err = s.existing(by, a, err, now); err != nil {
		return nil, err
	}
	return s.personView(by, a, now), nil
}

// FindPeople lists those whose name or user name contains a text, by user name,
// of all who exist for this administrator. Errors: ErrForbidden for somebody who
// administers nothing, ErrInvalid for an empty text.
func (s *Service) FindPeople(ctx context.Context, by *Account, text string) ([]*PersonView, error) {
	now := s.now()
	if err := s.mayAdminister(by, now); err != nil {
		return nil, err
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, invalidFields([]FieldError{{"q", "required", Text{"请填写姓名或用户名，或其中一部分", "Please give a name or a user name, or a part of one"}}})
	}
	accounts, err := s.Store.AccountsNamed(ctx, text)
	if err != nil {
		return nil, err
	}
	views := []*PersonView{}
	for _, a := range accounts {
		if s.hasPostBelow(by, a, now) {
			views = append(views, s.personView(by, a, now))
		}
	}
	return views, nil
}

// People lists those who have, had or will have a post in an office, by user
// name. Errors as of Person.
func (s *Service) People(ctx context.Context, by *Account, office string) ([]*PersonView, error) {
	now := s.now()
	if err := s.mayAdministerOffice(by, office, now); err != nil {
		return nil, err
	}
	accounts, err := s.Store.AccountsOf(ctx, office)
	if err != nil {
		return nil, err
	}
	views := make([]*PersonView, len(accounts))
	for i, a := range accounts {
		views[i] = s.personView(by, a, now)
	}
	return views, nil
}

// OpenAccount opens an account for somebody with a first post. The link with
// which its owner sets a password is in the view, and nowhere else; the same
// idempotency key gives the same account with a new link, until a password is
// set. Errors: ErrForbidden, ErrInvalid, ErrConflict when the user name is taken
// or the person has an account.
func (s *Service) OpenAccount(ctx context.Context, by *Account, in *NewPerson, key string) (view *PersonView, again bool, err error) {
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	now := s.now()
	if err := s.mayAdminister(by, now); err != nil {
		return nil, false, err
	}
	a, err := s.newAccount(by, in, now)
	if err != nil {
		return nil, false, err
	}
	digest, err := digestOf("open-account", "", in)
	if err != nil {
		return nil, false, err
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		before, err := s.Store.Remember(ctx, by.ID, key, digest, a.ID, now)
		if err != nil {
			return err
		}
		if again = before != ""; !again {
			before = a.ID
			if err := s.addAccount(ctx, by, a, now); err != nil {
				return err
			}
		}
		opened, err := s.Store.Account(ctx, before)
		if err != nil {
			return err
		}
		view = s.personView(by, opened, now)
		if opened.Password == "" && !opened.Disabled && s.switches(by, opened, now) == nil {
			view.Claim, err = s.claimLink(ctx, opened)
		}
		return err
	})
	return view, again, err
}

func (s *Service) addAccount(ctx context.Context, by, a *Account, now time.Time) error {
	if err := s.Store.PutAccount(ctx, a); err != nil {
		return err
	}
	if err := s.Store.Record(ctx, Event{At: now, Kind: "account-opened", Subject: a.ID, By: by.ID}); err != nil {
		return err
	}
	return s.recordPosts(ctx, "post-given", by, a, a.Grants, now)
}

// NewLink makes a new link for somebody who has set no password yet; older ones
// end. Errors as of Person, ErrState when a password is set or the account
// disabled, ErrForbidden when they have posts in offices that this administrator
// does not administer.
func (s *Service) NewLink(ctx context.Context, by *Account, username string) (view *PersonView, err error) {
	now := s.now()
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		a, err := s.person(ctx, by, username, now)
		if err != nil {
			return err
		}
		if a.Password != "" || a.Disabled {
			return fail(ErrState, "这个账号已设置密码或已停用", "This account has a password already, or is disabled")
		}
		if err := s.switches(by, a, now); err != nil { // whoever has the link could act in all of their posts
			return err
		}
		view = s.personView(by, a, now)
		if view.Claim, err = s.claimLink(ctx, a); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "claim-made", Subject: a.ID, By: by.ID})
	})
	return view, err
}

// claimLink makes the one link of an account that works.
func (s *Service) claimLink(ctx context.Context, a *Account) (*ClaimLink, error) {
	if err := s.endClaims(ctx, a.ID); err != nil {
		return nil, err
	}
	secret, expires, err := s.NewClaim(ctx, a.ID)
	return &ClaimLink{s.PublicURL + "/claim/" + secret, expires}, err
}

// usernameForm is what a new account signs in with.
var usernameForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

func normalUsername(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// newAccount checks what was sent and makes an account of it. Its ID is drawn:
// what stands in the record of everything for good tells no name.
func (s *Service) newAccount(by *Account, in *NewPerson, now time.Time) (*Account, error) {
	c := &checker{now: now.In(Zone)}
	a := &Account{Username: normalUsername(in.Username)}
	if !usernameForm.MatchString(a.Username) {
		c.problem("username", "username", "应为 2 到 32 个小写字母、数字、点、连字符或下划线，以字母开头", "Expected 2 to 32 lower-case letters, digits, dots, hyphens or underscores, a letter first")
	}
	a.Name = c.text("name", &Field{Type: NameField}, in.Name)
	if a.Person = idOf(c.id("id", in.ID.Value())); a.Person.Type == NoID || a.Person.Type == OldID {
		c.problem("id", "choice", "请填写现行有效的证件：一人一个账号", "Please give a document that is in use: one account a person")
	}
	g, faults := s.checkPost(by, &in.Post, now)
	for _, f := range faults {
		f.Field = "post." + f.Field
		c.problems = append(c.problems, f)
	}
	if err := c.faults(); err != nil {
		return nil, err
	}
	id, err := randomText(s.Rand, 10)
	a.ID, a.Grants = id, []Grant{g}
	return a, err
}
