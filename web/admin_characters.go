package web

import (
	"net/http"
	"strings"

	"yinzheng"
)

// missingView is what administrators see of characters that no face holds.
type missingView struct {
	Open   []missingLine
	Found  []missingLine
	Faces  []yinzheng.Face
	Faults []yinzheng.FieldError
}

type missingLine struct {
	yinzheng.MissingCharacter
	Readings string
	Formed   string // the radical that it is formed with, and the strokes beside it
	Strokes  int
}

func (s *server) missingPage(v *visit) error {
	return s.drawMissing(v, http.StatusOK, nil)
}

func (s *server) drawMissing(v *visit, status int, faults []yinzheng.FieldError) error {
	tasks, err := s.Service.CharacterTasks(v.Context(), v.by)
	if err != nil {
		return err
	}
	view := &missingView{Open: s.missingLines(tasks.Open), Found: s.missingLines(tasks.Found), Faces: tasks.Faces, Faults: faults}
	return s.draw(v, status, "admin-characters", yinzheng.Text{ZH: "缺字", EN: "Characters without a face"}, view)
}

func (s *server) missingLines(list []yinzheng.MissingCharacter) []missingLine {
	lines := make([]missingLine, len(list))
	for i, m := range list {
		formed, strokes := s.pages.characters.formation(m.Character)
		lines[i] = missingLine{m, strings.Join(s.pages.characters.readings[m.Character], " "), formed, strokes}
	}
	return lines
}

// faceForm adds a face.
func (s *server) faceForm(v *visit) error {
	if _, err := s.Service.Directory().Runs(v.by, s.Service.Now()); err != nil { // before a large file is read
		return err
	}
	if mediaType(v.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	err := s.received(v.w, v.Request, s.sender(v.Request, v.by), nil, func(f *form) error {
		_, err := s.Service.AddFace(v.Context(), v.by, f.file)
		return err
	})
	if faults := faultsOf(err); faults != nil {
		return s.drawMissing(v, http.StatusUnprocessableEntity, faults)
	}
	if err != nil {
		return err
	}
	return v.see("/work/admin/characters", "face-added")
}
