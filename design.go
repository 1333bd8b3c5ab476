package yinzheng

import (
	"context"
	"time"
)

// Design is a version of a template in the making (package design), as it is kept.
type Design struct {
	ID      string
	Item    string // its code
	Version int    // of the design: one more with each change
	Stage   string
	Open    bool      // something may still become of it
	Text    string    // YAML
	Authors []string  // accounts that wrote any of it, and in whose name they did
	At      time.Time // of the last change
	By      string    // account
}

// DesignAct is one thing that was done to a design other than writing it.
type DesignAct struct {
	Seq     int // 1, 2, ... within the design
	At      time.Time
	By      string // account
	For     string // account of who delegated
	Kind    string
	Opinion string
	Digest  string // SHA-256 of the text that it was done to, in hexadecimal
}

// Detail is what the act's event says of it: the item, and digests of what was
// written and said.
func (a *DesignAct) Detail(item string) string {
	return item + " " + a.Digest + " " + digestHex([]byte(a.For+"\n"+a.Opinion))
}

// MadeTemplate is a published version that was made here.
type MadeTemplate struct {
	Seq    int64 // ascending, in the order of publication
	Ref    TemplateRef
	Text   string // YAML
	Design string // ID of the design
	At     time.Time
	By     string // account
}

// Designs keeps templates in the making, and what became of them.
type Designs interface {
	// AddDesign keeps a new design with what began it; ErrState when another one of
	// the item is open.
	AddDesign(ctx context.Context, d *Design, act *DesignAct) error
	// PutDesign keeps what a design has become, and the act that made it so (nil:
	// somebody wrote); ErrConflict unless the version before is the kept one.
	PutDesign(ctx context.Context, d *Design, act *DesignAct) error
	// Design reads a design; ErrNotFound.
	Design(ctx context.Context, id string) (*Design, error)
	// Designs lists all, without their texts, the last begun first.
	Designs(ctx context.Context) ([]*Design, error)
	// DesignActs lists what was done to a design, in order.
	DesignActs(ctx context.Context, id string) ([]DesignAct, error)
	// AddMadeTemplate keeps a version that is published, and gives it its Seq;
	// ErrConflict when its item has this version.
	AddMadeTemplate(ctx context.Context, m *MadeTemplate) error
	// MadeTemplates lists those after one (0: from the first), in order.
	MadeTemplates(ctx context.Context, after int64) ([]MadeTemplate, error)
}
