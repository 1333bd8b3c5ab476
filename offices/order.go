package offices

// Order is what a reorganisation does, as people say it. Several parts are done
// in the order of the fields.
type Order struct {
	Title     string            `json:"title"`               // the document that orders it
	Effective string            `json:"effective,omitempty"` // day, 2027-01-01; left out: now
	Add       Additions         `json:"add,omitzero"`
	Rename    []Rename          `json:"rename,omitempty"`
	Move      []Move            `json:"move,omitempty"`
	Merge     []Merge           `json:"merge,omitempty"`
	Split     []Split           `json:"split,omitempty"`
	Close     []Close           `json:"close,omitempty"`
	Cases     map[string]string `json:"cases,omitempty"` // of a split: case → division, for those that do not go to the first part
}

// Additions are new divisions, offices and organs. A new division from district
// to village gets an office, unless one is added for it.
type Additions struct {
	Divisions []NewDivision `json:"divisions,omitempty"`
	Organs    []NewOrgan    `json:"organs,omitempty"`
	Offices   []NewOffice   `json:"offices,omitempty"`
}

// NewDivision is a division to add.
type NewDivision struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Parent string `json:"parent"`
	Level  string `json:"level"`
}

// NewOrgan is an organ to add.
type NewOrgan struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Mark string `json:"mark,omitempty"` // the seal's straight line; default 证明专用章
}

// NewOffice is an office to add.
type NewOffice struct {
	Name     string `json:"name"`
	Division string `json:"division"`
	Function string `json:"function,omitempty"`
	Organ    string `json:"organ,omitempty"`
}

// Rename gives one division, office or organ another name. A division's takes
// the office along that bears its name.
type Rename struct {
	Division string `json:"division,omitempty"`
	Office   string `json:"office,omitempty"`
	Organ    string `json:"organ,omitempty"`
	Name     string `json:"name"`
}

// Move puts a division, with everything below it, under another parent.
type Move struct {
	Division string `json:"division"`
	Parent   string `json:"parent"`
}

// Merge closes divisions of one level and puts what they had into one of them,
// or into another one, which is added if it is not there.
type Merge struct {
	Divisions []string `json:"divisions"`
	Into      Part     `json:"into"`
}

// Split divides a division into parts, the first of which takes over whatever
// is not given to another one. It may itself be one of the parts.
type Split struct {
	Division string            `json:"division"`
	Parts    []Part            `json:"parts"`
	Children map[string]string `json:"children,omitempty"` // division below it → part
}

// Part is a division that a merger or a split leaves. Name and Organ are needed
// where it is new, Organ only where those before it had one.
type Part struct {
	Code  string    `json:"code"`
	Name  string    `json:"name,omitempty"` // left out: as it is
	Organ *NewOrgan `json:"organ,omitempty"`
}

// Close closes an office, whose work another one takes over.
type Close struct {
	Office    string `json:"office"`
	Successor string `json:"successor"`
}
