// Package offline answers questions on a device that has no network: from a key
// list and status lists that were kept while there was one. What is trusted is
// the root certificate alone; a list counts as far as its signature leads to it.
//
//	Device   what one device holds, and the verdicts it gives (device.go)
//	Call     the same across the border to a page's scripts    (call.go)
package offline

import (
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/receipt"
	"yinzheng/signer"
)

// Device holds a root and the lists under it. It is used by one goroutine.
type Device struct {
	kit    *yinzheng.OfflineKit
	root   *x509.Certificate
	keys   *yinzheng.KeyList
	status map[int]*keptList // by number
}

// keptList is a status list with its bytes, which are read anew under every new
// key list: the key that signed it may be compromised by then.
type keptList struct {
	data []byte
	*yinzheng.StatusList
}

// New makes a device that trusts the root of a kit and holds no list yet.
func New(kit *yinzheng.OfflineKit) (*Device, error) {
	root, err := x509.ParseCertificate(kit.Root)
	if err != nil {
		return nil, refused("根证书无法读取，请重新准备本机", "The root certificate cannot be read; please prepare this device again", err)
	}
	return &Device{kit: kit, root: root, status: map[int]*keptList{}}, nil
}

func refused(zh, en string, cause error) error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: zh, EN: en}, Cause: cause}
}

// errOlder refuses what would take the device back to what it knew before.
var errOlder = refused("这份名单比已有的旧，未采用", "This list is older than the one at hand and was not taken", nil)

// Taken names the place of a list that was taken.
type Taken struct {
	Keys   bool `json:"keys,omitempty"`   // it is the key list
	Status int  `json:"status,omitempty"` // it is the status list of this number
}

// Take takes a key list (jwks.json) or a status list in the place of the one at
// hand. One that does not hold under the root, or that is older than the one at
// hand, is refused: an Error of kind ErrInvalid, and everything stays as it was.
func (d *Device) Take(list []byte, now time.Time) (Taken, error) {
	if len(list) > 0 && list[0] == '{' {
		return Taken{Keys: true}, d.takeKeys(list, now)
	}
	return d.takeStatus(list)
}

func (d *Device) takeKeys(list []byte, now time.Time) error {
	keys, err := signer.ReadKeyList(list, []*x509.Certificate{d.root}, now)
	switch {
	case err != nil:
		return refused("密钥名单不可采信：它的签名不是出自所信任的根证书，或本机时钟不对", "The key list cannot be believed: its signature does not lead to the trusted root, or this device's clock is wrong", err)
	case d.keys != nil && keys.IssuedAt.Before(d.keys.IssuedAt):
		return errOlder
	}
	d.keys = keys
	for number, kept := range d.status {
		if kept.StatusList, err = signer.ReadStatusList(kept.data, keys); err != nil {
			delete(d.status, number)
		}
	}
	return nil
}

func (d *Device) takeStatus(list []byte) (Taken, error) {
	if d.keys == nil {
		return Taken{}, refused("没有可采信的密钥名单，无法核对状态名单", "There is no key list to check a status list with", nil)
	}
	l, err := signer.ReadStatusList(list, d.keys)
	if err != nil {
		return Taken{}, refused("状态名单不可采信：它的签名与密钥名单不符", "The status list cannot be believed: its signature does not fit the key list", err)
	}
	if kept := d.status[l.Number]; kept != nil && l.IssuedAt.Before(kept.IssuedAt) {
		return Taken{}, errOlder
	}
	d.status[l.Number] = &keptList{slices.Clone(list), l}
	return Taken{Status: l.Number}, nil
}

// ErrCodeOnly is the Error for a question with nothing in it that is signed.
var ErrCodeOnly = refused(
	"离线时，仅凭编号或核验码无法核验。请扫描完整的二维码，或选择 PDF 原件；或联网后再查",
	"Offline, nothing can be said about a number or a code alone. Scan the whole QR code or choose the original PDF, or look it up once there is a network", nil)

// Verify answers a question with a token, a whole address, or a file, laid out in
// a language. Without a key list that holds nothing can be verified. The error is
// an Error of kind ErrInvalid, ErrCodeOnly among them.
func (d *Device) Verify(q *yinzheng.Question, now time.Time, lang string) (*receipt.Receipt, error) {
	if d.keys == nil {
		return nil, refused("没有可采信的密钥名单，无法核验", "There is no key list that can be believed: nothing can be verified", nil)
	}
	if q.Token == "" && q.URL == "" && len(q.File) == 0 {
		return nil, ErrCodeOnly
	}
	o := &yinzheng.Offline{Checker: &signer.Checker{}, Keys: d.keys, Now: now, Names: d.kit.Names}
	for _, l := range d.status {
		o.Status = append(o.Status, l.StatusList)
	}
	a, err := o.Verify(q)
	if errors.Is(err, yinzheng.ErrNoToken) {
		return nil, ErrCodeOnly
	}
	if err != nil {
		return nil, err
	}
	shown := receipt.Token
	if len(q.File) > 0 {
		shown = receipt.File
	}
	return receipt.New(a, shown, lang), nil
}

// State is what a device holds, to be shown beside every answer.
type State struct {
	Root        string     `json:"root"`        // whose it is
	Fingerprint string     `json:"fingerprint"` // SHA-256 of the root certificate, to be compared by eye
	Host        string     `json:"host"`
	Keys        *time.Time `json:"keys,omitempty"`   // when the key list was signed; absent: there is none
	Status      []Held     `json:"status,omitempty"` // by number
}

// Held is a status list at hand.
type Held struct {
	Number  int       `json:"number"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"` // from then on it cannot tell
}

// State returns what the device holds.
func (d *Device) State() State {
	s := State{Root: d.root.Subject.CommonName, Fingerprint: yinzheng.Fingerprint(d.kit.Root), Host: d.kit.Host}
	if d.keys != nil {
		s.Keys = &d.keys.IssuedAt
	}
	for _, number := range slices.Sorted(maps.Keys(d.status)) {
		l := d.status[number]
		s.Status = append(s.Status, Held{number, l.IssuedAt, l.ExpiresAt})
	}
	return s
}
