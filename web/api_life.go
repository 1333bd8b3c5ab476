package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	"yinzheng"
)

// lifeOperations are what happens to a certificate after it was issued.
func (s *server) lifeOperations() []operation {
	const certificate = "/api/v1/certificates/{code}"
	const proposal = certificate + "/revocations/{id}"
	return []operation{
		{
			method: http.MethodPost, path: certificate + "/suspend", id: "suspend-certificate", tag: "certificates", summary: "中止 · Suspend a certificate for the time being",
			takes: typeOf[suspension](), gives: typeOf[yinzheng.CertificateView](), do: withBody(func(c *call, in *suspension) (any, error) {
				return s.act(c, yinzheng.Act{Kind: yinzheng.Suspend, Reason: in.Reason, Opinion: in.Opinion})
			}),
		},
		{
			method: http.MethodPost, path: certificate + "/lift", id: "lift-suspension", tag: "certificates", summary: "恢复 · Lift a suspension",
			takes: typeOf[lifting](), gives: typeOf[yinzheng.CertificateView](), do: withBody(func(c *call, in *lifting) (any, error) {
				return s.act(c, yinzheng.Act{Kind: yinzheng.Lift, Reason: in.Reason, Opinion: in.Opinion})
			}),
		},
		{
			method: http.MethodPost, path: certificate + "/revoke", id: "propose-revocation", tag: "certificates", status: http.StatusAccepted,
			summary: "提议撤销：证明立即中止，由另一位审批人确认 · Propose a revocation: suspends at once, another approver confirms it",
			takes:   typeOf[revocation](), gives: typeOf[yinzheng.CertificateView](), do: withBody(func(c *call, in *revocation) (any, error) {
				return s.act(c, yinzheng.Act{Kind: yinzheng.ProposeRevocation, Reason: in.Reason, Opinion: in.Opinion})
			}),
		},
		{
			method: http.MethodPost, path: proposal + "/confirm", id: "confirm-revocation", tag: "certificates", summary: "确认撤销 · End a certificate's validity for good, as somebody else proposed",
			takes: typeOf[confirmation](), gives: typeOf[yinzheng.CertificateView](), do: withBody(func(c *call, in *confirmation) (any, error) {
				return s.decideRevocation(c, yinzheng.Revoke, in.Opinion)
			}),
		},
		{
			method: http.MethodPost, path: proposal + "/decline", id: "decline-revocation", tag: "certificates", summary: "否决撤销提议 · Decline a proposed revocation, or take one's own back",
			takes: typeOf[declining](), gives: typeOf[yinzheng.CertificateView](), do: withBody(func(c *call, in *declining) (any, error) {
				return s.decideRevocation(c, yinzheng.DeclineRevocation, in.Opinion)
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/revocations", id: "list-revocations", tag: "certificates", summary: "待决定的撤销提议 · Proposed revocations that wait for a second person",
			gives: typeOf[proposals](), do: func(c *call) (any, error) {
				items, err := s.Service.PendingRevocations(c.Context(), c.by)
				if err != nil {
					return nil, err
				}
				return &proposals{items}, nil
			},
		},
		{
			method: http.MethodPost, path: certificate + "/correct", id: "correct-certificate", tag: "certificates", status: http.StatusCreated, idempotent: true,
			summary: "更正：新办件走完整审批，签发时替代原证明 · Start a case that corrects a certificate and replaces it when issued",
			takes:   typeOf[correction](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *correction) (any, error) {
				return c.createdCase(s.Service.Correct(c.Context(), c.by, c.PathValue("code"), (*yinzheng.Correction)(in), c.key()))
			}),
		},
		{
			method: http.MethodPost, path: certificate + "/reissue", id: "reissue-certificate", tag: "certificates", status: http.StatusCreated, idempotent: true,
			summary: "补发：内容不变，替代原证明 · Issue the same again, in place of a certificate that was lost or damaged",
			takes:   typeOf[reissuing](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *reissuing) (any, error) {
				return c.createdCase(s.Service.Reissue(c.Context(), c.by, c.PathValue("code"), (*yinzheng.Reissuing)(in), c.key()))
			}),
		},
		{
			method: http.MethodPost, path: certificate + "/copies", id: "hand-out-copies", tag: "certificates", status: http.StatusCreated, idempotent: true,
			summary: "登记领取副本 · Write down paper copies that somebody collects",
			takes:   typeOf[copiesTaken](), gives: typeOf[yinzheng.CopyBook](), do: withBody(func(c *call, in *copiesTaken) (any, error) {
				book, again, err := s.Service.HandOutCopies(c.Context(), c.by, c.PathValue("code"), (*yinzheng.CopiesTaken)(in), c.key())
				return orNil(book, c.created(again, err))
			}),
		},
		{
			method: http.MethodGet, path: certificate + "/copies", id: "list-copies", tag: "certificates", summary: "副本登记 · Copies handed out so far",
			gives: typeOf[yinzheng.CopyBook](), do: func(c *call) (any, error) {
				return orNil(s.Service.CopyBook(c.Context(), c.by, c.PathValue("code")))
			},
		},
		{
			method: http.MethodGet, path: certificate + "/verifications", id: "list-verifications", tag: "certificates", summary: "核验记录 · Who verified it: when, how, and for which department",
			gives: typeOf[yinzheng.VerificationBook](), do: func(c *call) (any, error) {
				return orNil(s.Service.VerificationsOf(c.Context(), c.by, c.PathValue("code")))
			},
		},
	}
}

func (s *server) act(c *call, a yinzheng.Act) (any, error) {
	return orNil(s.Service.ActOn(c.Context(), c.by, c.PathValue("code"), a))
}

func (s *server) decideRevocation(c *call, kind yinzheng.ActionKind, opinion string) (any, error) {
	id, err := strconv.Atoi(c.PathValue("id"))
	if err != nil {
		id = 0 // no proposal has it
	}
	return s.act(c, yinzheng.Act{Kind: kind, Proposal: id, Opinion: opinion})
}

type proposals struct {
	Items []yinzheng.RevocationView `json:"items"`
}

type suspension struct {
	Reason  string `json:"reason" enum:"complaint,lost,holder,commitment,superior,key" doc:"shown to verifiers"`
	Opinion string `json:"opinion" doc:"kept, not shown"`
}

func (b *suspension) member(r *jsonReader, key string) { r.reasoned(key, &b.Reason, &b.Opinion) }

type lifting struct {
	Reason  string `json:"reason" enum:"cleared,resolved,mistake,superior"`
	Opinion string `json:"opinion" doc:"kept, not shown"`
}

func (b *lifting) member(r *jsonReader, key string) { r.reasoned(key, &b.Reason, &b.Opinion) }

type revocation struct {
	Reason  string `json:"reason" enum:"error,fraud,changed,holder,commitment,superior,key" doc:"shown to verifiers once it is confirmed"`
	Opinion string `json:"opinion" doc:"kept, not shown"`
}

func (b *revocation) member(r *jsonReader, key string) { r.reasoned(key, &b.Reason, &b.Opinion) }

type confirmation struct {
	Opinion string `json:"opinion,omitempty"`
}

func (b *confirmation) member(r *jsonReader, key string) { r.reasoned(key, nil, &b.Opinion) }

type declining struct {
	Opinion string `json:"opinion"`
}

func (b *declining) member(r *jsonReader, key string) { r.reasoned(key, nil, &b.Opinion) }

type reissuing yinzheng.Reissuing

func (b *reissuing) member(r *jsonReader, key string) { r.reasoned(key, &b.Reason, &b.Opinion) }

// reasoned reads a reason class and an opinion, where there are such.
func (r *jsonReader) reasoned(key string, reason, opinion *string) {
	switch {
	case key == "reason" && reason != nil:
		*reason = r.text(key)
	case key == "opinion" && opinion != nil:
		*opinion = r.text(key)
	default:
		r.unknown(key)
	}
}

type correction yinzheng.Correction

func (b *correction) member(r *jsonReader, key string) {
	switch key {
	case "values":
		b.Values = r.values(key)
	case "applicant":
		b.Applicant = r.applicant(key)
	default:
		r.reasoned(key, &b.Reason, &b.Opinion)
	}
}

type copiesTaken yinzheng.CopiesTaken

func (b *copiesTaken) member(r *jsonReader, key string) {
	switch key {
	case "collector":
		if r.space(); r.peek() != '{' {
			r.values(key)
			return
		}
		r.object(key, func(key, path string) {
			switch key {
			case "name":
				b.Collector.Name = r.text(path)
			case "id":
				b.Collector.ID = r.id(path)
			default:
				r.unknown(path)
			}
		})
	case "count":
		b.Count = r.count(key)
	case "purpose":
		b.Purpose = r.text(key)
	default:
		r.unknown(key)
	}
}

// count reads a whole number.
func (r *jsonReader) count(field string) int {
	n, _ := r.any(field).(json.Number)
	i, err := strconv.Atoi(n.String())
	if err != nil && r.broken == nil {
		r.refuse(field, "type", "应为整数", "Expected a whole number")
	}
	return i
}

// paperOperations are about certificates that were written on paper.
func (s *server) paperOperations() []operation {
	const papers = "/api/v1/papers"
	return []operation{
		{
			method: http.MethodPost, path: papers, id: "record-paper", tag: "papers", status: http.StatusCreated, idempotent: true,
			summary: "补录停用期间的纸质证明；核验结论永远不是有效 · Record a certificate written on paper while the system was down; it never verifies as valid",
			takes:   typeOf[newPaper](), gives: typeOf[yinzheng.PaperView](), do: s.recordPaper,
			form: []formField{{"paper", "the same JSON", true}, {"file", "the scan: JPEG, PNG, WebP or PDF of at most 20 MB", true}},
		},
		{
			method: http.MethodGet, path: papers + "/{code}/scan", id: "open-scan", tag: "papers", summary: "下载扫描件 · The scan that was sent with a record; who opens it is recorded",
			media: []string{"image/jpeg", "application/pdf"}, do: func(c *call) (any, error) {
				content, media, name, err := s.Service.OpenScan(c.Context(), c.by, c.PathValue("code"))
				return &file{media, name, content}, err
			},
		},
		{
			method: http.MethodGet, path: papers + "/{code}", id: "get-paper", tag: "papers", summary: "查看补录 · The record of a certificate on paper",
			gives: typeOf[yinzheng.PaperView](), do: func(c *call) (any, error) {
				return orNil(s.Service.PaperRecord(c.Context(), c.by, c.PathValue("code")))
			},
		},
		{
			method: http.MethodPost, path: papers + "/{code}/void", id: "void-paper", tag: "papers", summary: "作废补录 · Take back a record that was made by mistake",
			takes: typeOf[declining](), gives: typeOf[yinzheng.PaperView](), do: withBody(func(c *call, in *declining) (any, error) {
				return orNil(s.Service.VoidPaper(c.Context(), c.by, c.PathValue("code"), in.Opinion))
			}),
		},
	}
}

// recordPaper takes JSON, or a form with it and the scan.
func (s *server) recordPaper(c *call) (any, error) {
	switch mediaType(c.Request) {
	case "multipart/form-data":
		return s.withForm(c, []string{"paper"}, func(f *form) (any, error) {
			in := &newPaper{File: f.file}
			if err := decode([]byte(f.fields["paper"]), in); err != nil {
				return nil, err
			}
			return s.addPaper(c, in)
		})
	case "application/json":
		return withBody(s.addPaper)(c)
	}
	return nil, wrongMediaType("application/json 或 multipart/form-data")
}

func (s *server) addPaper(c *call, in *newPaper) (any, error) {
	view, again, err := s.Service.RecordPaper(c.Context(), c.by, (*yinzheng.NewPaper)(in), c.key())
	if err := c.created(again, err); err != nil {
		return nil, err
	}
	c.w.Header().Set("Location", "/api/v1/papers/"+view.Code)
	return view, nil
}

type newPaper yinzheng.NewPaper

func (b *newPaper) member(r *jsonReader, key string) {
	switch key {
	case "item":
		b.Item = r.text(key)
	case "number":
		b.Number = r.text(key)
	case "organ":
		b.Organ = r.text(key)
	case "issued_on":
		b.IssuedOn = r.text(key)
	case "name":
		b.Name = r.text(key)
	case "id":
		b.ID = r.id(key)
	case "scan":
		b.Scan = r.text(key)
	case "note":
		b.Note = r.text(key)
	default:
		r.unknown(key)
	}
}
