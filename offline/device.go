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
	"fmt"
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

// mayReplace refuses what would take the device back to what it knew before, and
// what is dated later than its clock can be slow by: nothing could replace that
// until its time has come. A list that is of the future all the same, because there
// was no other or the clock was set back, gives way to any that is not.
func mayReplace(kept, issued, now time.Time) error {
	latest := now.Add(yinzheng.ClockSkew)
	switch early, was := issued.After(latest), kept.After(latest); {
	case was && !early:
		return nil
	case early && !was:
		const layout = "2006-01-02 15:04"
		dated, clock := issued.In(yinzheng.Zone).Format(layout), now.In(yinzheng.Zone).Format(layout)
		return refused(
			fmt.Sprintf("这份名单的签发时间（%s）晚于本机时钟（%s），未采用。请校准本机时钟；时钟无误的，请联系签发机关", dated, clock),
			fmt.Sprintf("This list is dated %s, later than this device's clock (%s), and was not taken. Set the clock; if it is right, ask the issuer", dated, clock), nil)
	case issued.Before(kept):
		return refused("这份名单比已有的旧，未采用", "This list is older than the one at hand and was not taken", nil)
	}
	return nil
}

// Taken names the place of a list that was taken.
type Taken struct {
	Keys   bool `json:"keys,omitempty"`   // it is the key list
	Status int  `json:"status,omitempty"` // it is the status list of this number
}

// Take takes a key list (jwks.json) or a status list in the place of the one at
// hand. One that does not hold under the root, or that is older than the one at
// hand or later than the clock, is refused: an Error of kind ErrInvalid, and
// everything stays as it was.
func (d *Device) Take(list []byte, now time.Time) (Taken, error) {
	if len(list) > 0 && list[0] == '{' {
		return Taken{Keys: true}, d.takeKeys(list, now)
	}
	return d.takeStatus(list, now)
}

func (d *Device) takeKeys(list []byte, now time.Time) error {
	keys, err := signer.ReadKeyList(list, []*x509.Certificate{d.root}, now)
	if err != nil {
		return refused("密钥名单不可采信：它的签名不是出自所信任的根证书，或本机时钟不对", "The key list cannot be believed: its signature does not lead to the trusted root, or this device's clock is wrong", err)
	}
	if d.keys != nil {
		if err := mayReplace(d.keys.IssuedAt, keys.IssuedAt, now); err != nil {
			return err
		}
	}
	d.keys = keys
	for number, kept := range d.status {
		if kept.StatusList, err = signer.ReadStatusList(kept.data, keys); err != nil {
			delete(d.status, number)
		}
	}
	return nil
}

func (d *Device) takeStatus(list []byte, now time.Time) (Taken, error) {
	if d.keys == nil {
		return Taken{}, refused("没有可采信的密钥名单，无法核对状态名单", "There is no key list to check a status list with", nil)
	}
	l, err := signer.ReadStatusList(list, d.keys)
	if err != nil {
		return Taken{}, refused("状态名单不可采信：它的签名与密钥名单不符", "The status list cannot be believed: its signature does not fit the key list", err)
	}
	if kept := d.status[l.Number]; kept != nil {
		if err := mayReplace(kept.IssuedAt, l.IssuedAt, now); err != nil {
			return Taken{}, err
		}
	}
	d.status[l.Number] = &keptList{slices.Clone(list), l}
	return Taken{Status: l.Number}, nil
}

// ErrCodeOnly is the Error for a question with nothing in it that is signed.
var ErrCodeOnly = refused(
	"离线时，仅凭编号或核验码无法核验。请扫描完整的二维码，或选择 PDF 原件；或联网后再查",
	"Offline, nothing can be said about a number or a code alone. Scan the whole QR code or choose the original PDF, or look it up once there is a network", nil)

// ErrPicture is the Error for a picture.
var ErrPicture = refused(
	"离线时不读图片里的二维码。请用扫码枪或手机相机扫描纸面上的二维码，或选择 PDF 原件；或联网后再上传图片",
	"Offline, QR codes in pictures are not read. Scan the one on the paper with a scanner or a phone's camera, or choose the original PDF, or send the picture once there is a network", nil)

// Verify answers a question with a token, a whole address, or a file, laid out in
// a language. Without a key list that holds nothing can be verified. The error is
// an Error of kind ErrInvalid, ErrCodeOnly and ErrPicture among them.
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
	if errors.Is(err, yinzheng.ErrPicture) {
		return nil, ErrPicture
	}
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
	Root        string `json:"root"`        // whose it is
	Fingerprint string `json:"fingerprint"` // SHA-256 of the root certificate, to be compared by eye
	Host        string `json:"host"`
	Keys        *Held  `json:"keys,omitempty"`   // the key list; absent: there is none
	Status      []Held `json:"status,omitempty"` // the status lists, by number
}

// Held is a list at hand.
type Held struct {
	Number  int       `json:"number,omitempty"` // of a status list
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"` // from then on it cannot tell
}

// State returns what the device holds.
func (d *Device) State() State {
	s := State{Root: d.root.Subject.CommonName, Fingerprint: yinzheng.Fingerprint(d.kit.Root), Host: d.kit.Host}
	if d.keys != nil {
		s.Keys = &Held{Issued: d.keys.IssuedAt, Expires: d.keys.IssuedAt.Add(yinzheng.KeyListLife)}
	}
	for _, number := range slices.Sorted(maps.Keys(d.status)) {
		l := d.status[number]
		s.Status = append(s.Status, Held{number, l.IssuedAt, l.ExpiresAt})
	}
	return s
}
