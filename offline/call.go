package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"yinzheng"
	"yinzheng/receipt"
)

// Caller answers a page's scripts: JSON and bytes come in, JSON goes out. Nothing
// that comes in makes it panic past Call.
type Caller struct {
	device *Device
}

// call is what scripts ask for. Bytes beside it are the list of a take, or the
// file of a verify.
type call struct {
	Do   string               `json:"do"`   // trust, take, state or verify
	Kit  *yinzheng.OfflineKit `json:"kit"`  // trust
	Now  int64                `json:"now"`  // the device's clock: Unix milliseconds
	Text string               `json:"text"` // verify: what was scanned or typed
	Lang string               `json:"lang"` // verify
}

// result is what they are told.
type result struct {
	Error   *yinzheng.Text   `json:"error,omitempty"`
	Detail  string           `json:"detail,omitempty"` // of an error, for who looks after the device
	Taken   *Taken           `json:"taken,omitempty"`
	State   *State           `json:"state,omitempty"` // of a trust, a state and a verify
	Receipt *receipt.Receipt `json:"receipt,omitempty"`
}

// Call answers one call.
func (c *Caller) Call(request, data []byte) (response []byte) {
	defer func() {
		if p := recover(); p != nil {
			response = encode(failed(fmt.Errorf("panic: %v", p)))
		}
	}()
	r, err := c.call(request, data)
	if err != nil {
		r = failed(err)
	}
	return encode(r)
}

func encode(r *result) []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // encoding/json refuses none of these types
	}
	return b
}

// failed says what went wrong. What is no Error of the domain is a fault of this
// program, and no verdict.
func failed(err error) *result {
	r := &result{Detail: err.Error()}
	var e *yinzheng.Error
	if errors.As(err, &e) {
		r.Error = &e.Text
		if e.Cause != nil {
			r.Detail = e.Cause.Error()
		}
		return r
	}
	r.Error = &yinzheng.Text{ZH: "核验程序出错，没有得出结论", EN: "The verifier failed; there is no verdict"}
	return r
}

func (c *Caller) call(request, data []byte) (*result, error) {
	var in call
	if err := json.Unmarshal(request, &in); err != nil {
		return nil, err
	}
	if in.Do == "trust" && in.Kit != nil {
		d, err := New(in.Kit)
		if err != nil {
			return nil, err
		}
		c.device = d
		return c.state(), nil
	}
	if c.device == nil {
		return nil, errors.New("no kit was trusted yet")
	}
	now := time.UnixMilli(in.Now).UTC()
	switch in.Do {
	case "take":
		taken, err := c.device.Take(data, now)
		return &result{Taken: &taken}, err
	case "state":
		return c.state(), nil
	case "verify":
		r, err := c.device.Verify(question(in.Text, data), now, in.Lang)
		answer := c.state()
		answer.Receipt = r
		return answer, err
	}
	return nil, fmt.Errorf("unknown call %q", in.Do)
}

func (c *Caller) state() *result {
	s := c.device.State()
	return &result{State: &s}
}

func question(text string, file []byte) *yinzheng.Question {
	if len(file) > 0 {
		return &yinzheng.Question{File: file}
	}
	return yinzheng.Recognise(text, "")
}
