package web

import (
	"crypto/sha256"
	"net/http"

	"yinzheng"
	"yinzheng/receipt"
	"yinzheng/resident"
)

// shareRoutes are what somebody opens who was given a link. Its secret stands in the
// path, so that it opens wherever it is pasted, without scripts; no page of ours
// tells another site where it was read, and no log names it.
func (s *server) shareRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET /s/{secret}":                 s.sharedPage,
		"POST /s/{secret}":                s.sharedPage,
		"GET /s/{secret}/certificate.pdf": s.sharedFile,
	}
}

// sharedView is a certificate that is shared.
type sharedView struct {
	*resident.Shared
	Receipt *receipt.Receipt
	Tone    string // of the notice
	Secret  string
}

var noticeTones = map[string]string{"good": "good", "look": "", "warn": "warn", "bad": "bad", "none": "warn"}

func (s *server) sharedPage(g *guest) error {
	if err := s.mayOpen(g); err != nil {
		return err
	}
	shared, err := s.Residents.OpenShare(g.Context(), g.PathValue("secret"), g.Method == http.MethodPost)
	if err != nil {
		return err
	}
	view, title := &sharedView{Shared: shared, Secret: g.PathValue("secret")}, yinzheng.Text{ZH: "有人给您看一份证明", EN: "Somebody shows you a certificate"}
	if !shared.Asks {
		view.Receipt = receipt.New(shared.Answer, receipt.File, language(g.Request))
		view.Tone, title = noticeTones[view.Receipt.Tone], shared.Answer.Heading
	}
	return s.receive(g, http.StatusOK, "resident-shared", title, view)
}

func (s *server) sharedFile(g *guest) error {
	if err := s.mayOpen(g); err != nil {
		return err
	}
	pdf, name, err := s.Residents.ShareFile(g.Context(), g.PathValue("secret"))
	if err != nil {
		return err
	}
	g.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(g.w, http.StatusOK, "application/pdf", pdf)
	return nil
}

// mayOpen limits how often one secret in an address is used, whoever has it, and how
// many of them a network tries: a secret that opens nothing is as new as it is made up.
func (s *server) mayOpen(g *guest) error {
	if err := s.links.allow(network(s.client(g.Request))); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(g.PathValue("secret")))
	return s.reads.allow(string(sum[:]))
}
