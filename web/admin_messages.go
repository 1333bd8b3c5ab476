package web

import (
	"errors"
	"net/http"
	"slices"

	"yinzheng"
)

// messagesView is what administrators see of messages to residents.
type messagesView struct {
	*yinzheng.OutboxView
	Letters []letterView
	Faults  []yinzheng.FieldError
	To      string // to which a trial could not be sent
}

// letterView is a kind of message that residents get by themselves.
type letterView struct {
	yinzheng.Letter
	Texts []letterText
}

// letterText is what it says as a text message, and how many of those that is.
type letterText struct {
	Language string
	Text     string
	Segments int
}

func (s *server) letterViews() []letterView {
	var out []letterView
	for _, l := range yinzheng.Letters() {
		v := letterView{Letter: l}
		for _, language := range []string{"zh", "en"} {
			text := s.Service.SampleText(&l, language)
			v.Texts = append(v.Texts, letterText{language, text, yinzheng.Segments(text)})
		}
		out = append(out, v)
	}
	return out
}

// Stuck tells whether something waits that was tried already.
func (v *messagesView) Stuck() bool {
	return slices.ContainsFunc(v.Waiting, func(d yinzheng.DeliveryView) bool { return d.Tries > 0 })
}

// Serves tells whether messages are delivered on a channel.
func (v *messagesView) Serves(c yinzheng.MessageChannel) bool { return slices.Contains(v.Served, c) }

// messageKinds are the kinds of message in words.
var messageKinds = func() map[string]yinzheng.Text {
	kinds := map[string]yinzheng.Text{
		yinzheng.KindCode:  {ZH: "验证码", EN: "code"},
		yinzheng.KindTrial: {ZH: "试发", EN: "trial"},
	}
	for _, l := range yinzheng.Letters() {
		kinds[l.Kind] = l.Name
	}
	return kinds
}()

// MessageKind names a kind of message.
func (d *desk) MessageKind(kind string) string { return d.T(messageKinds[kind]) }

func (s *server) messagesPage(v *visit) error {
	return s.drawMessages(v, http.StatusOK, &messagesView{})
}

func (s *server) drawMessages(v *visit, status int, view *messagesView) (err error) {
	if view.OutboxView, err = s.Service.Messages(v.Context(), v.by); err != nil {
		return err
	}
	view.Letters = s.letterViews()
	return s.draw(v, status, "admin-messages", yinzheng.Text{ZH: "消息", EN: "Messages"}, view)
}

// messagesForm has everything that waits tried at once, or sends a trial.
func (s *server) messagesForm(v *visit) error {
	if v.PostForm.Get("act") == "hurry" {
		if _, err := s.Service.HurryMessages(v.Context(), v.by); err != nil {
			return err
		}
		return v.see("/work/admin/messages", "message-hurried")
	}
	to := v.PostForm.Get("contact")
	err := s.Service.TryContact(v.Context(), v.by, to, language(v.Request))
	faults := faultsOf(err)
	var refused *yinzheng.Error
	if faults == nil && errors.As(err, &refused) && (errors.Is(err, yinzheng.ErrState) || errors.Is(err, yinzheng.ErrTooMany)) {
		faults = []yinzheng.FieldError{{Field: "contact", Text: refused.Text}}
	}
	switch {
	case faults != nil:
		return s.drawMessages(v, faultOf(err).status, &messagesView{Faults: faults, To: to})
	case err != nil:
		return err
	}
	return v.see("/work/admin/messages", "message-trial")
}
