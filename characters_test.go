package yinzheng_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/internal/testface"
	"yinzheng/templates"
)

// faceHouse is a house with a typesetter of its own, since faces are added to it.
func faceHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.freshRenderer()
	return h
}

// freshRenderer restarts the service with another typesetter, as another process has.
func (h *house) freshRenderer() {
	h.t.Helper()
	renderer, err := templates.New(templates.Options{})
	must(h.t, err)
	h.config.Renderer = renderer
	h.restart()
}

// named begins a case of somebody of a name.
func (h *house) named(who, name, key string) *yinzheng.CaseView {
	h.t.Helper()
	values := yinzheng.SampleValues()
	values["name"] = name
	v, _, err := h.CreateApplication(h.ctx, h.people[who], &yinzheng.NewApplication{Item: "kin", Values: values}, key)
	must(h.t, err)
	return v
}

// refusedForWant submits a case and wants it refused for a missing character.
func (h *house) refusedForWant(who string, v *yinzheng.CaseView) {
	h.t.Helper()
	_, err := h.SubmitApplication(h.ctx, h.people[who], v.ID, v.Version)
	var e *yinzheng.Error
	if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields, func(f yinzheng.FieldError) bool { return f.Code == "missing-glyph" }) {
		h.t.Fatalf("submitted: %v", err)
	}
}

// toldOfCharacters lists what somebody was told of characters.
func (h *house) toldOfCharacters(who string) (out string) {
	h.t.Helper()
	list, err := h.Notices(h.ctx, h.people[who], 0, 200)
	must(h.t, err)
	for _, n := range slices.Backward(list) {
		if strings.HasPrefix(n.Kind, "character-") {
			out += fmt.Sprintln(n.Kind, n.About, n.Application)
		}
	}
	return out
}

// TestMissingCharacter: a case that is refused for a character opens one task; a face
// that holds it closes the task, and the clerks who wait for it, and for no other
// character, are told.
func TestMissingCharacter(t *testing.T) {
	h := faceHouse(t)
	one, two, other := h.named("clerk", "张𠮷", "one"), h.named("sibling", "李𠮷𪚥", "two"), h.named("clerk", "王𠮷", "three")
	for range 2 {
		h.refusedForWant("clerk", one)
	}
	h.refusedForWant("sibling", two)
	h.refusedForWant("clerk", other)
	_, err := h.WithdrawApplication(h.ctx, h.people["clerk"], other.ID, other.Version, "不办了")
	must(t, err)
	tasks, err := h.CharacterTasks(h.ctx, h.people["admin"])
	must(t, err)
	if len(tasks.Open) != 2 || tasks.Open[0].Character != '𠮷' || tasks.Open[0].Cases != 3 || tasks.Open[0].Office != "village" || tasks.Open[0].Item != "kin" || tasks.Open[1].Cases != 1 {
		t.Fatalf("%+v", tasks.Open)
	}
	if got := h.toldOfCharacters("admin"); got != "character-missing U+20BB7 \ncharacter-missing U+2A6A5 \n" {
		t.Errorf("the administrator was told %q", got)
	}

	holds, err := h.AddFace(h.ctx, h.people["admin"], testface.Face{Name: "First", Holds: "𠮷x"}.Bytes())
	must(t, err)
	if string(holds) != "𠮷" {
		t.Errorf("it holds %q", string(holds))
	}
	if got := h.toldOfCharacters("clerk"); got != "character-found U+20BB7 "+one.ID+"\n" {
		t.Errorf("the clerk was told %q", got)
	}
	if got := h.toldOfCharacters("sibling"); got != "" {
		t.Errorf("the other clerk, who still waits, was told %q", got)
	}
	_, err = h.SubmitApplication(h.ctx, h.people["clerk"], one.ID, one.Version)
	must(t, err)
	h.refusedForWant("sibling", two)
	_, err = h.AddFace(h.ctx, h.people["admin"], testface.Face{Name: "Second", Holds: "𪚥"}.Bytes())
	must(t, err)
	if got := h.toldOfCharacters("sibling"); got != "character-found U+2A6A5 "+two.ID+"\n" {
		t.Errorf("the other clerk was told %q", got)
	}
	tasks, err = h.CharacterTasks(h.ctx, h.people["admin"])
	must(t, err)
	if len(tasks.Open) != 0 || len(tasks.Found) != 2 || len(tasks.Faces) != 2 || tasks.Faces[0].Name != "First" {
		t.Errorf("%+v", tasks)
	}
	events, err := h.store.EventsAbout(h.ctx, "U+20BB7")
	must(t, err)
	if len(events) != 2 || events[0].Kind != "character-missing" || events[0].By != "clerk" || events[0].Detail != "kin village" || events[1].Kind != "character-found" {
		t.Errorf("on record: %+v", events)
	}
	if strings.Contains(h.log.String(), "𠮷") {
		t.Errorf("a character of a name is in the log: %s", h.log)
	}
}

// TestMissingMany: nonsense fills nobody's list.
func TestMissingMany(t *testing.T) {
	h := faceHouse(t)
	values := yinzheng.SampleValues()
	nonsense := ""
	for r := '𠀁'; len(h.Renderer.Missing(nonsense)) < 30; r++ {
		nonsense += string(h.Renderer.Missing(string(r)))
	}
	values["note"] = nonsense
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: values}, "many")
	must(t, err)
	h.refusedForWant("clerk", v)
	tasks, err := h.CharacterTasks(h.ctx, h.people["admin"])
	must(t, err)
	if len(tasks.Open) != 20 {
		t.Errorf("%d tasks", len(tasks.Open))
	}
}

// TestFaceElsewhere: a face that another process has added is used from the next look
// on, and after a restart; one that was damaged is left out.
func TestFaceElsewhere(t *testing.T) {
	h := faceHouse(t)
	v := h.named("clerk", "张𠮷", "one")
	h.refusedForWant("clerk", v)
	other := h.Service
	h.freshRenderer()
	_, err := h.AddFace(h.ctx, h.people["admin"], testface.Face{Name: "First", Holds: "𠮷"}.Bytes())
	must(t, err)
	h.Service = other
	h.refusedForWant("clerk", v) // it has not looked yet
	_, err = h.Scan(h.ctx)
	must(t, err)
	tasks, err := h.CharacterTasks(h.ctx, h.people["admin"])
	must(t, err)
	if len(tasks.Open) != 0 || len(h.Renderer.Missing("𠮷")) != 0 {
		t.Errorf("after the scan: %+v", tasks)
	}
	h.freshRenderer()
	if len(h.Renderer.Missing("𠮷")) != 0 {
		t.Error("lost with a restart")
	}
	must(t, h.store.AddFile(h.ctx, strings.Repeat("0", 64), []byte("something else")))
	must(t, h.store.AddFace(h.ctx, &yinzheng.Face{Digest: strings.Repeat("0", 64), Name: "Damaged", At: h.clock(), By: "admin"}))
	h.freshRenderer()
	if len(h.Renderer.Missing("𠮷")) != 0 || !strings.Contains(h.log.String(), "cannot be used") {
		t.Errorf("beside a damaged face: %s", h.log)
	}
}

// TestFaceUnread: a face that cannot be read for a moment is used from a later look on.
func TestFaceUnread(t *testing.T) {
	h := faceHouse(t)
	h.refusedForWant("clerk", h.named("clerk", "张𠮷", "one"))
	h.store.failing = "File"
	_, err := h.AddFace(h.ctx, h.people["admin"], testface.Face{Name: "First", Holds: "𠮷"}.Bytes())
	must(t, err)
	h.store.failing = ""
	_, err = h.Scan(h.ctx)
	must(t, err)
	if len(h.Renderer.Missing("𠮷")) != 0 {
		t.Error("never looked at again")
	}
}

// TestFaceFromTheFolder: a task closes, too, when the character comes by another way.
func TestFaceFromTheFolder(t *testing.T) {
	h := faceHouse(t)
	v := h.named("clerk", "张𠮷", "one")
	h.refusedForWant("clerk", v)
	must(t, h.Renderer.UseFaces([][]byte{testface.Face{Name: "Folder", Holds: "𠮷"}.Bytes()}))
	for range 2 {
		_, err := h.Scan(h.ctx)
		must(t, err)
	}
	if got := h.toldOfCharacters("clerk"); got != "character-found U+20BB7 "+v.ID+"\n" {
		t.Errorf("told %q", got)
	}
}

// TestAddFaceRefuses: faces are for administrators of the topmost office, and have to
// hold what is missing.
func TestAddFaceRefuses(t *testing.T) {
	h := faceHouse(t)
	h.people["part"] = yinzheng.SampleAccount("part", 43, [2]string{"admin", "town"})
	good := testface.Face{Name: "First", Holds: "𠮷"}.Bytes()
	refuse := func(who string, data []byte, want error, code string) {
		t.Helper()
		_, err := h.AddFace(h.ctx, h.people[who], data)
		var e *yinzheng.Error
		if !errors.Is(err, want) || !errors.As(err, &e) || code != "" && (len(e.Fields) != 1 || e.Fields[0].Field != "file" || e.Fields[0].Code != code) {
			t.Errorf("%s: %v", who, err)
		}
	}
	refuse("admin", good, yinzheng.ErrInvalid, "missing-glyph") // nothing is missing
	h.refusedForWant("clerk", h.named("clerk", "张𠮷", "one"))
	for _, who := range []string{"part", "clerk", "district"} {
		refuse(who, good, yinzheng.ErrForbidden, "")
		if _, err := h.CharacterTasks(h.ctx, h.people[who]); !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("%s sees the tasks: %v", who, err)
		}
	}
	refuse("admin", testface.Face{Name: "Box", Boxes: "𠮷"}.Bytes(), yinzheng.ErrInvalid, "missing-glyph")
	refuse("admin", testface.Face{Name: "Other", Holds: "𪚥"}.Bytes(), yinzheng.ErrInvalid, "missing-glyph")
	refuse("admin", testface.Face{Name: "Closed", Holds: "𠮷", FSType: 2}.Bytes(), yinzheng.ErrInvalid, "restricted")
	refuse("admin", []byte("no face at all"), yinzheng.ErrInvalid, "not-truetype")
	refuse("admin", make([]byte, yinzheng.MaxFace+1), yinzheng.ErrInvalid, "too-large")
	h.store.failing = "Record"
	refuse("admin", good, yinzheng.ErrUnavailable, "")
	h.store.failing = ""
	if faces, err := h.store.Faces(h.ctx); err != nil || len(faces) != 0 {
		t.Errorf("what was refused is there: %v %v", faces, err)
	}
	_, err := h.AddFace(h.ctx, h.people["admin"], good)
	must(t, err)
}
