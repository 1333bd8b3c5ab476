package web

import (
	"net/http"
	"time"

	"yinzheng"
)

// keyOperations are what administrators do to keys, and to characters that no face
// holds.
func (s *server) keyOperations() []operation {
	const keys, key = "/api/v1/keys", "/api/v1/keys/{kid}"
	return []operation{
		{
			method: http.MethodGet, path: keys, id: "list-keys", tag: "keys", summary: "密钥与经过 · Every key with what became of it (administrators of a topmost office)",
			gives: typeOf[keyViews](), do: func(c *call) (any, error) {
				items, err := s.Service.KeysInCare(c.Context(), c.by)
				return orNil(&keyViews{items}, err)
			},
		},
		{
			method: http.MethodGet, path: key, id: "get-key", tag: "keys", summary: "查看密钥 · One of them, with the version for If-Match",
			gives: typeOf[yinzheng.KeyView](), do: func(c *call) (any, error) {
				return c.changedKey(s.Service.KeyInCare(c.Context(), c.by, c.PathValue("kid")))
			},
		},
		{
			method: http.MethodPost, path: key + "/suspend", id: "suspend-key", tag: "keys", ifMatch: true, summary: "立即中止密钥 · Suspend a key at once",
			takes: typeOf[keyReason](), gives: typeOf[yinzheng.KeyView](), do: withBody(func(c *call, in *keyReason) (any, error) {
				return c.changedKey(s.Service.SuspendKey(c.Context(), c.by, c.PathValue("kid"), c.seen, in.Reason))
			}),
		},
		{
			method: http.MethodPost, path: key + "/proposals", id: "propose-key-change", tag: "keys", ifMatch: true, status: http.StatusAccepted,
			summary: "提议恢复、更换密钥或宣布泄露（立即中止） · Propose to lift, to rotate, or to declare compromised, which suspends at once",
			takes:   typeOf[keyRequest](), gives: typeOf[yinzheng.KeyView](), do: withBody(func(c *call, in *keyRequest) (any, error) {
				return c.changedKey(s.Service.ProposeKeyChange(c.Context(), c.by, c.PathValue("kid"), c.seen, (*yinzheng.KeyRequest)(in)))
			}),
		},
		{
			method: http.MethodPost, path: key + "/confirm", id: "confirm-key-change", tag: "keys", ifMatch: true, summary: "确认密钥变更：由另一位管理员 · Confirm what another administrator proposed",
			gives: typeOf[yinzheng.KeyView](), do: func(c *call) (any, error) {
				return c.changedKey(s.Service.ConfirmKeyChange(c.Context(), c.by, c.PathValue("kid"), c.seen))
			},
		},
		{
			method: http.MethodPost, path: key + "/decline", id: "decline-key-change", tag: "keys", ifMatch: true, summary: "否决密钥变更 · Decline a proposed change of a key",
			takes: typeOf[keyReason](), gives: typeOf[yinzheng.KeyView](), do: withBody(func(c *call, in *keyReason) (any, error) {
				return c.changedKey(s.Service.DeclineKeyChange(c.Context(), c.by, c.PathValue("kid"), c.seen, in.Reason))
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/missing-characters", id: "list-missing-characters", tag: "characters", summary: "缺字 · Characters that no face holds, or held (administrators of a topmost office)",
			gives: typeOf[missingCharacters](), do: func(c *call) (any, error) {
				tasks, err := s.Service.CharacterTasks(c.Context(), c.by)
				if err != nil {
					return nil, err
				}
				return &missingCharacters{missingOf(tasks.Open), missingOf(tasks.Found), tasks.Faces}, nil
			},
		},
		{
			method: http.MethodPost, path: "/api/v1/faces", id: "add-face", tag: "characters", status: http.StatusCreated, summary: "添加含所缺之字的字体 · Add a TrueType face that holds characters which are missing",
			form: []formField{{"file", "the face: .ttf of at most 20 MB", true}}, gives: typeOf[faceAdded](), do: s.addFace,
		},
	}
}

// changedKey answers with a key, changed or not, and its version as the ETag.
func (c *call) changedKey(view *yinzheng.KeyView, err error) (any, error) {
	if err != nil {
		return nil, changed(err)
	}
	c.etag(view.Version)
	return view, nil
}

type keyViews struct {
	Items []*yinzheng.KeyView `json:"items"`
}

type keyReason struct {
	Reason string `json:"reason" doc:"recorded; without names or numbers"`
}

func (b *keyReason) member(r *jsonReader, key string) { r.reasoned(key, &b.Reason, nil) }

type keyRequest yinzheng.KeyRequest

func (b *keyRequest) member(r *jsonReader, key string) {
	switch key {
	case "change":
		b.Change = yinzheng.KeyChange(r.text(key))
	case "since":
		b.Since = r.moment(key)
	default:
		r.reasoned(key, &b.Reason, nil)
	}
}

// missingCharacter is one as it goes over the wire.
type missingCharacter struct {
	Character string    `json:"character"`
	CodePoint string    `json:"code_point" doc:"such as U+20BB7"`
	Item      string    `json:"item" doc:"where it was met first"`
	Office    string    `json:"office"`
	OpenedAt  time.Time `json:"opened_at"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	Cases     int       `json:"cases" doc:"that were refused for it"`
}

type missingCharacters struct {
	Open  []missingCharacter `json:"open"`
	Found []missingCharacter `json:"found"`
	Faces []yinzheng.Face    `json:"faces"`
}

func missingOf(list []yinzheng.MissingCharacter) []missingCharacter {
	out := make([]missingCharacter, len(list))
	for i, m := range list {
		out[i] = missingCharacter{string(m.Character), yinzheng.CodePoint(m.Character), m.Item, m.Office, m.Opened, m.Closed, m.Cases}
	}
	return out
}

type faceAdded struct {
	Holds string `json:"holds" doc:"of the characters that were missing, those that it holds"`
}

func (s *server) addFace(c *call) (any, error) {
	if mediaType(c.Request) != "multipart/form-data" {
		return nil, wrongMediaType("multipart/form-data")
	}
	if _, err := s.Service.Directory().Runs(c.by, s.Service.Now()); err != nil { // before a large file is read
		return nil, err
	}
	return s.withForm(c, nil, func(f *form) (any, error) {
		holds, err := s.Service.AddFace(c.Context(), c.by, f.file)
		return orNil(&faceAdded{string(holds)}, err)
	})
}
