package web_test

import (
	"encoding/json"
	"encoding/pem"
	"reflect"
	"testing"

	"yinzheng"
	"yinzheng/internal/conformance"
	"yinzheng/internal/inturn"
)

// vectorScript asks the compiled verifier one question, as the offline page does,
// with a clock and lists of the question's own.
const vectorScript = `(async (c) => {
	const bytes = (b) => Uint8Array.from(atob(b ?? ''), (x) => x.charCodeAt(0));
	Date.now = () => c.clock;
	device.kept.kit = () => ({ root: c.root });
	device.kept.lists = () => [];
	await device.ask({ do: 'trust', kit: { root: c.root } });
	for (const list of c.lists) {
		try { await device.ask({ do: 'take' }, bytes(list.content)); } catch (e) {
			if (!e.text.en.includes('older')) return { refused: list.name }; // the newer one stays: no verdict hangs on it
		}
	}
	try { return { answer: (await device.verify(c.text, 'zh', c.file && bytes(c.file))).receipt.answer }; } catch (e) { return { error: e.text.en }; }
})`

// TestVectors holds the verifier that pages run to the published vectors: the
// same verdicts as on every other channel.
func TestVectors(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t)
	v, err := conformance.Load()
	must(t, err)
	file := func(name string) []byte {
		b, err := v.File(name)
		must(t, err)
		return b
	}
	ctx := browser(t)
	open(t, ctx, w.URL+"/offline")
	reads(t, ctx, "#live.failed", "本机还没有准备离线核验")
	asked := 0
	for _, c := range v.Cases {
		q := c.Question
		text := q.URL + q.Token + q.Code + q.Number
		known := yinzheng.Recognise(text, "")
		switch {
		case c.JWKS == "", q.Token != "" && known.Token == "": // without a key list a device answers nothing; and what is no token by its look is taken for a code
			continue
		case c.Name == "clock-behind-a-newer-list": // of two lists with one number a device keeps the one that is not of the future
			continue
		}
		asked++
		type list struct {
			Name    string `json:"name"`
			Content []byte `json:"content"`
		}
		in := struct {
			Clock int64  `json:"clock"`
			Root  []byte `json:"root"`
			Lists []list `json:"lists"`
			Text  string `json:"text"`
			File  []byte `json:"file,omitempty"`
		}{Clock: c.Clock.UnixMilli(), Text: text}
		block, _ := pem.Decode(file(c.Root))
		in.Root = block.Bytes
		for _, name := range append([]string{c.JWKS}, c.Status...) {
			in.Lists = append(in.Lists, list{name, file(name)})
		}
		if q.File != "" {
			in.File = file(q.File)
		}
		request, err := json.Marshal(in)
		must(t, err)
		out := answer[struct {
			Refused, Error string
			Answer         json.RawMessage
		}](t, ctx, vectorScript+"("+string(request)+")")
		switch {
		case c.Refused != "" || c.Offline == nil:
			if out.Refused != c.Refused || out.Answer != nil {
				t.Errorf("%s: it refuses %q, want %q, and answers %s", c.Name, out.Refused, c.Refused, out.Answer)
			}
		case out.Answer == nil:
			t.Errorf("%s: no answer: %+v", c.Name, out)
		default:
			got, err := conformance.ReadAnswer(out.Answer)
			must(t, err)
			if !reflect.DeepEqual(got, c.Offline) {
				t.Errorf("%s: %+v, want %+v", c.Name, got, c.Offline)
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d of %d cases were asked", asked, len(v.Cases))
	}
	t.Logf("%d of %d cases", asked, len(v.Cases))
}
