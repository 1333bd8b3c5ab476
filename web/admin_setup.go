package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/skip2/go-qrcode"

	"yinzheng"
)

// setupView is the way from a new system to a sample that scans as valid.
type setupView struct {
	*yinzheng.Setup
	Sealing int    // organs that can seal
	Key     string // idempotency key: a second click makes no second sample
	Chosen  string // office whose seal the sample gets
	Public  string // the address that QR codes point to
	Local   bool   // which no phone can reach
	Scanned string // when the newest sample's page was last opened, since the program began
	Faults  []yinzheng.FieldError
}

// Clerks and Approvers count who holds these roles now.
func (v *setupView) Clerks() int    { return v.People[yinzheng.Clerk] }
func (v *setupView) Approvers() int { return v.People[yinzheng.Approver] }

func (s *server) setupPage(v *visit) error {
	return s.drawSetup(v, http.StatusOK, &setupView{})
}

func (s *server) drawSetup(v *visit, status int, view *setupView) (err error) {
	if view.Setup, err = s.Service.Setup(v.Context(), v.by); err != nil {
		return err
	}
	for _, x := range view.Seals {
		if x.Ready {
			view.Sealing++
		}
	}
	view.Key, view.Public, view.Local = rand.Text(), s.Service.PublicURL, localAddress(s.Service.PublicURL)
	if seen := s.sampleSeen.Load(); seen != nil && view.Sample != nil && view.Sample.Certificate != nil && seen.code == view.Sample.Certificate.Code {
		view.Scanned = minute(seen.at, language(v.Request))
	}
	return s.draw(v, status, "admin-start", yinzheng.Text{ZH: "开始使用", EN: "Getting started"}, view)
}

// localAddress tells whether an address leads to the machine itself, whoever
// opens it.
func localAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
}

// sampleForm makes a sample.
func (s *server) sampleForm(v *visit) error {
	office := v.PostForm.Get("office")
	sample, _, err := s.Service.MakeSample(v.Context(), v.by, office, v.PostForm.Get("key"))
	if faults := faultsOf(err); faults != nil {
		return s.drawSetup(v, http.StatusUnprocessableEntity, &setupView{Faults: faults, Chosen: office})
	}
	if err != nil {
		return err
	}
	if sample.Certificate == nil {
		return v.see("/work/admin/start", "failed-again")
	}
	return v.see("/work/admin/start", "sampled")
}

// sampleCode is the newest sample's QR code, as it stands on its page.
func (s *server) sampleCode(v *visit) error {
	setup, err := s.Service.Setup(v.Context(), v.by)
	if err != nil {
		return err
	}
	if setup.Sample == nil || setup.Sample.Certificate == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "还没有样本", EN: "There is no sample yet"}}
	}
	png, err := qrcode.Encode(setup.Sample.Scan, qrcode.Low, -3) // three pixels a module, shown as they are: scaled, some would be wider than others
	if err != nil {
		return fmt.Errorf("draw the QR code of a sample: %w", err)
	}
	writeBody(v.w, http.StatusOK, "image/png", png)
	return nil
}

func (s *server) samplePDF(v *visit) error {
	cert, pdf, err := s.Service.SamplePDF(v.Context(), v.by)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="sample-`+cert.Code+`.pdf"`)
	writeBody(v.w, http.StatusOK, "application/pdf", pdf)
	return nil
}

// seenSample is when the page behind a sample's QR code was opened.
type seenSample struct {
	code string
	at   time.Time
}

// noteSample remembers that the page behind a sample's QR code was opened:
// whoever had the sample made waits for that.
func (s *server) noteSample(a *yinzheng.Answer) {
	if t := s.Service.Sample; t != nil && a.Certificate != nil && a.Certificate.Item == t.Short && a.Verdict == yinzheng.Valid {
		s.sampleSeen.Store(&seenSample{a.Certificate.Code, a.CheckedAt})
	}
}
