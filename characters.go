package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// MissingCharacter is a task for the administrators: a case could not be submitted
// for want of a face with this character. It closes by itself once there is one.
type MissingCharacter struct {
	Character rune
	Item      string // where it was met first
	Office    string
	Opened    time.Time
	Closed    time.Time // zero: open
	Cases     int       // that were refused for it
}

// Face is a TrueType face that an administrator has added. Its content is kept as a
// file is (Files), under its digest.
type Face struct {
	Digest string    `json:"digest"` // SHA-256, hexadecimal
	Name   string    `json:"name"`   // PostScript name
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// Characters keeps the characters that no face holds, and the faces that were added.
type Characters interface {
	// MissCharacter notes that a case, or one that has no ID yet, was refused for a
	// character (Character, Item, Office, Opened of m); true when that opens a task.
	MissCharacter(ctx context.Context, m *MissingCharacter, application string) (opened bool, err error)
	// OpenCharacters lists the open tasks, by code point.
	OpenCharacters(ctx context.Context) ([]MissingCharacter, error)
	// FoundCharacters lists the closed tasks, the last opened first.
	FoundCharacters(ctx context.Context, limit int) ([]MissingCharacter, error)
	// CloseCharacter closes the open task of a character and returns the cases that
	// were refused for it; ErrConflict when none is open.
	CloseCharacter(ctx context.Context, r rune, at time.Time) (cases []string, err error)
	// AddFace adds a face whose file is kept already.
	AddFace(ctx context.Context, f *Face) error
	// Faces lists those that were added, in their order.
	Faces(ctx context.Context) ([]Face, error)
}

// Kinds of the events about characters, whose subject is the code point, and faces,
// whose subject is the digest.
const (
	EventFaceAdded        = "face-added" // detail: its name and what it holds that was missing
	eventCharacterMissing = "character-missing"
	eventCharacterFound   = "character-found"
)

// CodePoint is a character's code point as people write it, such as U+20BB7.
func CodePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// Bounds of faces that are added: every process keeps all of them in memory.
const (
	MaxFace  = 48 << 20 // bytes of one
	maxFaces = 20
)

// maxNoted bounds the tasks of one refusal: no name has more, and whoever types
// nonsense fills nobody's list.
const maxNoted = 20

// addedFaces are those that this process typesets with.
type addedFaces struct {
	mu      sync.Mutex
	digests []string
}

// noteMissing opens a task for every character for want of which a case of an office
// is refused; application is empty where the case was not even made. That it cannot be
// noted hides no refusal.
func (s *Service) noteMissing(ctx context.Context, by *Account, t *Template, v Values, office, application string) {
	m := &MissingCharacter{Item: t.Code, Office: office, Opened: s.now()}
	noted := 0
	for _, at := range s.missing(t, v) {
		for _, m.Character = range at.characters {
			if noted++; noted > maxNoted {
				return
			}
			if err := s.missCharacter(ctx, by, m, application); err != nil {
				s.Log.Error("noting that a character is missing", "application", application, "reason", reason(err))
				return
			}
		}
	}
}

func (s *Service) missCharacter(ctx context.Context, by *Account, m *MissingCharacter, application string) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		opened, err := s.Store.MissCharacter(ctx, m, application)
		if err != nil || !opened {
			return err
		}
		point := CodePoint(m.Character)
		if err := s.Store.Notify(ctx, s.Directory().topmostNotices("character-missing", point, m.Opened)); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: m.Opened, Kind: eventCharacterMissing, Subject: point, By: by.ID, Detail: m.Item + " " + m.Office})
	})
}

// CharacterTasks is what administrators see of characters that no face holds.
type CharacterTasks struct {
	Open  []MissingCharacter
	Found []MissingCharacter // the last ones
	Faces []Face             // that were added
}

// CharacterTasks shows the characters that no face holds, those that there is a face
// for now, and the faces that were added, to administrators of a topmost office;
// ErrForbidden.
func (s *Service) CharacterTasks(ctx context.Context, by *Account) (*CharacterTasks, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	open, err := s.Store.OpenCharacters(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.FoundCharacters(ctx, 50)
	if err != nil {
		return nil, err
	}
	faces, err := s.Store.Faces(ctx)
	return &CharacterTasks{open, found, faces}, err
}

// AddFace adds a TrueType face that holds characters which are missing, by an
// administrator of a topmost office, and returns those. It is asked after all others,
// so that whatever was printed before is printed the same. Every process uses it from
// its next look on. Errors: ErrForbidden, ErrInvalid when it is no such face or holds
// none of them, ErrConflict when it is there already.
func (s *Service) AddFace(ctx context.Context, by *Account, data []byte) (holds []rune, err error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	open, err := s.Store.OpenCharacters(ctx)
	if err != nil {
		return nil, err
	}
	f := &Face{Digest: digestHex(data), At: s.now(), By: by.ID}
	if f.Name, holds, err = s.checkFace(data, open); err != nil {
		return nil, err
	}
	points := make([]string, len(holds))
	for i, r := range holds {
		points[i] = CodePoint(r)
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		faces, err := s.Store.Faces(ctx)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(faces, func(o Face) bool { return o.Digest == f.Digest }):
			return fail(ErrConflict, "这个字体已经添加", "This face was added already")
		case len(faces) == maxFaces:
			return fail(ErrState, "添加的字体最多 %d 个，请改用 --fonts-dir", "At most %d faces can be added; please use --fonts-dir", maxFaces)
		}
		if err := s.Store.AddFile(ctx, f.Digest, data); err != nil {
			return err
		}
		if err := s.Store.AddFace(ctx, f); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: f.At, Kind: EventFaceAdded, Subject: f.Digest, By: by.ID, Detail: strings.TrimSpace(f.Name + " " + strings.Join(points, " "))})
	})
	if err != nil {
		return nil, err
	}
	if err := s.lookAtFaces(ctx); err != nil { // it is kept, and the scan looks again
		s.Log.Error("using a face that was added", "face", f.Digest, "reason", reason(err))
	}
	return holds, nil
}

// checkFace refuses what is no face, or holds nothing that is missing.
func (s *Service) checkFace(data []byte, open []MissingCharacter) (name string, holds []rune, err error) {
	if len(data) > MaxFace {
		return "", nil, invalidFields([]FieldError{faceFault("too-large", "字体最大 48 MB", "A face has at most 48 MB")})
	}
	missing := make([]rune, len(open))
	for i := range open {
		missing[i] = open[i].Character
	}
	if name, holds, err = s.Renderer.CheckFace(data, missing); err != nil {
		return "", nil, err
	}
	if len(holds) == 0 {
		return "", nil, invalidFields([]FieldError{faceFault("missing-glyph", "这个字体里没有任何一个待补的字", "This face holds none of the characters that are missing")})
	}
	return name, holds, nil
}

func faceFault(code, zh, en string) FieldError { return FieldError{"file", code, Text{zh, en}} }

// lookAtFaces typesets with the faces that were added meanwhile, here or by another
// process, and closes the tasks of the characters that there is a face for now.
func (s *Service) lookAtFaces(ctx context.Context) error {
	if err := s.useFaces(ctx); err != nil {
		return err
	}
	open, err := s.Store.OpenCharacters(ctx)
	if err != nil {
		return err
	}
	for i := range open {
		r := open[i].Character
		if len(s.Renderer.Missing(string(r))) > 0 {
			continue
		}
		if err := s.found(ctx, r); err != nil && !errors.Is(err, ErrConflict) { // another process was first
			return err
		}
	}
	return nil
}

func (s *Service) useFaces(ctx context.Context) error {
	s.faces.mu.Lock()
	defer s.faces.mu.Unlock()
	kept, err := s.Store.Faces(ctx)
	if err != nil {
		return err
	}
	digests := make([]string, len(kept))
	for i := range kept {
		digests[i] = kept[i].Digest
	}
	if slices.Equal(digests, s.faces.digests) {
		return nil
	}
	files := make([][]byte, 0, len(kept))
	for _, digest := range digests {
		data, err := s.Store.File(ctx, digest)
		if err != nil && (errors.Is(err, ErrUnavailable) || ctx.Err() != nil) { // the next look reads it
			return err
		}
		if err == nil {
			_, _, err = s.Renderer.CheckFace(data, nil)
		}
		if err != nil { // certificates without its characters still can be made
			s.Log.Error("a face that was added cannot be used", "face", digest, "error", err)
			continue
		}
		files = append(files, data)
	}
	if err := s.Renderer.UseFaces(files); err != nil {
		return err
	}
	s.faces.digests = digests
	return nil
}

// found closes the task of a character and tells the clerks of the cases that wait
// for it, and for no other one.
func (s *Service) found(ctx context.Context, r rune) error {
	now := s.now()
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		ids, err := s.Store.CloseCharacter(ctx, r, now)
		if err != nil {
			return err
		}
		var told []Notice
		for _, id := range ids {
			c, err := s.readable(ctx, id)
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			if c.State.AtItsClerks() && len(s.missing(c.Template, c.Values)) == 0 {
				told = append(told, Notice{At: now, Office: c.Directory.OfficeNow(c.Office), Role: Clerk, Kind: "character-found", Application: id, About: CodePoint(r)})
			}
		}
		if err := s.Store.Notify(ctx, told); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: eventCharacterFound, Subject: CodePoint(r), By: SystemActor})
	})
}
