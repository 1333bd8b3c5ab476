package web

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
)

// peopleOperations are the accounts and posts that administrators keep.
func (s *server) peopleOperations() []operation {
	const people, person = "/api/v1/people", "/api/v1/people/{username}"
	return []operation{
		{
			method: http.MethodGet, path: people, id: "list-people", tag: "people", summary: "人员 · Who has, had or will have a post in an office (administrators)",
			queries: []*huma.Param{queryParam("office", "string", "ID of an office that I administer")},
			gives:   typeOf[personList](), do: func(c *call) (any, error) {
				items, err := s.Service.People(c.Context(), c.by, c.URL.Query().Get("office"))
				return orNil(&personList{items}, err)
			},
		},
		{
			method: http.MethodPost, path: people, id: "open-account", tag: "people", status: http.StatusCreated, idempotent: true,
			summary: "开户：本人用一次性链接设置密码 · Open an account with a first post; its owner sets the password through the link in the answer",
			takes:   typeOf[newPerson](), gives: typeOf[yinzheng.PersonView](), do: withBody(func(c *call, in *newPerson) (any, error) {
				view, again, err := s.Service.OpenAccount(c.Context(), c.by, (*yinzheng.NewPerson)(in), c.key())
				if err := c.created(again, err); err != nil {
					return nil, err
				}
				c.w.Header().Set("Location", people+"/"+view.Username)
				return c.seenPerson(view, nil)
			}),
		},
		{
			method: http.MethodGet, path: person, id: "get-person", tag: "people", summary: "查看人员 · A person with the posts in my offices",
			gives: typeOf[yinzheng.PersonView](), do: func(c *call) (any, error) {
				return c.seenPerson(s.Service.Person(c.Context(), c.by, c.PathValue("username")))
			},
		},
		{
			method: http.MethodPost, path: person + "/claim", id: "renew-claim", tag: "people", summary: "重发链接 · A new link for somebody who has set no password yet; older ones end",
			gives: typeOf[yinzheng.PersonView](), do: func(c *call) (any, error) {
				return c.seenPerson(s.Service.NewLink(c.Context(), c.by, c.PathValue("username")))
			},
		},
		{
			method: http.MethodPost, path: person + "/posts", id: "appoint", tag: "people", summary: "任命 · Give a person a post", ifMatch: true,
			takes: typeOf[postGiven](), gives: typeOf[yinzheng.PersonView](), do: withBody(func(c *call, in *postGiven) (any, error) {
				return c.changedPerson(s.Service.Appoint(c.Context(), c.by, c.PathValue("username"), c.seen, (*yinzheng.Appointment)(in)))
			}),
		},
		{
			method: http.MethodPost, path: person + "/posts/end", id: "end-post", tag: "people", summary: "免职 · End a person's post in an office, or all of them there", ifMatch: true,
			takes: typeOf[postEnded](), gives: typeOf[yinzheng.PersonView](), do: withBody(func(c *call, in *postEnded) (any, error) {
				return c.changedPerson(s.Service.EndPost(c.Context(), c.by, c.PathValue("username"), c.seen, (*yinzheng.Ending)(in)))
			}),
		},
		{
			method: http.MethodPost, path: person + "/handover", id: "hand-over", tag: "people", summary: "交接：一次移交岗位 · Give a person's posts in an office to a successor, in one act", ifMatch: true,
			takes: typeOf[handingOver](), gives: typeOf[yinzheng.PersonView](), do: withBody(func(c *call, in *handingOver) (any, error) {
				return c.changedPerson(s.Service.HandOver(c.Context(), c.by, c.PathValue("username"), c.seen, (*yinzheng.Handover)(in)))
			}),
		},
		{
			method: http.MethodPost, path: person + "/disable", id: "disable-account", tag: "people", summary: "停用账号：会话立即失效 · Keep a person out; their sessions end at once", ifMatch: true,
			gives: typeOf[yinzheng.PersonView](), do: func(c *call) (any, error) {
				return c.changedPerson(s.Service.DisableAccount(c.Context(), c.by, c.PathValue("username"), c.seen))
			},
		},
		{
			method: http.MethodPost, path: person + "/enable", id: "enable-account", tag: "people", summary: "启用账号 · Let a person in again", ifMatch: true,
			gives: typeOf[yinzheng.PersonView](), do: func(c *call) (any, error) {
				return c.changedPerson(s.Service.EnableAccount(c.Context(), c.by, c.PathValue("username"), c.seen))
			},
		},
	}
}

type personList struct {
	Items []*yinzheng.PersonView `json:"items"`
}

// seenPerson answers with a person and the account's version as the ETag.
func (c *call) seenPerson(view *yinzheng.PersonView, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

// changedPerson is seenPerson after a change.
func (c *call) changedPerson(view *yinzheng.PersonView, err error) (any, error) {
	return c.seenPerson(view, changed(err))
}

type newPerson yinzheng.NewPerson

func (b *newPerson) member(r *jsonReader, key string) {
	switch key {
	case "username":
		b.Username = r.text(key)
	case "name":
		b.Name = r.text(key)
	case "id":
		b.ID = r.id(key)
	case "post":
		if r.space(); r.peek() != '{' {
			r.values(key)
			return
		}
		r.object(key, func(key, path string) { (*postGiven)(&b.Post).read(r, key, path) })
	default:
		r.unknown(key)
	}
}

type postGiven yinzheng.Appointment

func (b *postGiven) member(r *jsonReader, key string) { b.read(r, key, key) }

func (b *postGiven) read(r *jsonReader, key, path string) {
	switch key {
	case "office":
		b.Office = r.text(path)
	case "role":
		b.Role = yinzheng.Role(r.text(path))
	case "from":
		b.From = r.when(path)
	case "to":
		b.To = r.when(path)
	default:
		r.unknown(path)
	}
}

type postEnded yinzheng.Ending

func (b *postEnded) member(r *jsonReader, key string) {
	switch key {
	case "office":
		b.Office = r.text(key)
	case "role":
		b.Role = yinzheng.Role(r.text(key))
	case "at":
		b.At = r.when(key)
	default:
		r.unknown(key)
	}
}

type handingOver yinzheng.Handover

func (b *handingOver) member(r *jsonReader, key string) {
	switch key {
	case "office":
		b.Office = r.text(key)
	case "role":
		b.Role = yinzheng.Role(r.text(key))
	case "to":
		b.To = r.text(key)
	case "at":
		b.At = r.when(key)
	default:
		r.unknown(key)
	}
}

// when reads an RFC 3339 time that may be left out: what is none is refused, so
// that a slip of the pen does not mean now.
func (r *jsonReader) when(field string) time.Time {
	text := r.text(field)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.refuse(field, "time", "应如 2026-12-01T00:00:00+08:00", "Expected the form 2026-12-01T00:00:00+08:00")
	}
	return t
}
