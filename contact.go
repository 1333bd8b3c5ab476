package yinzheng

import (
	"regexp"
	"strings"
)

// MessageChannel is a way on which messages go out.
type MessageChannel string

// The channels.
const (
	Mail MessageChannel = "mail"
	SMS  MessageChannel = "sms"
)

// MessageChannels are all that there are.
var MessageChannels = []MessageChannel{Mail, SMS}

var channelNames = map[MessageChannel]Text{Mail: {"邮件", "mail"}, SMS: {"短信", "text message"}}

// Name is what a channel is called.
func (c MessageChannel) Name() Text { return channelNames[c] }

// Contact is where somebody is reached.
type Contact struct {
	Channel MessageChannel
	Address string // a mail address, 11 digits of a mainland mobile, or E.164 with its plus
}

// Abroad tells whether a text message to a contact leaves the mainland.
func (c Contact) Abroad() bool { return c.Channel == SMS && strings.HasPrefix(c.Address, "+") }

var (
	mainlandMobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	foreignMobile  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // ITU-T E.164
	// mailAddress is what every gateway takes: a dot-atom and a domain name, in ASCII,
	// without quotes, comments and literal addresses (RFC 5321 allows more).
	mailAddress = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$")
)

// ParseContact reads a mail address or a mobile number as people write it, and gives
// one form of it: what reaches the same telephone counts as the same. ErrInvalid, in
// the field "contact", without what was given.
func ParseContact(text string) (Contact, error) {
	text = strings.TrimSpace(halfWidth(text))
	if strings.Contains(text, "@") {
		return parseMail(text)
	}
	return parseMobile(text)
}

func parseMail(text string) (Contact, error) {
	local, domain, _ := strings.Cut(text, "@")
	if len(text) > 254 || len(local) > 64 || !mailAddress.MatchString(text) {
		return Contact{}, contactFault("mail", "邮箱地址格式不对，应如 zhang@example.com", "This is not a mail address such as zhang@example.com")
	}
	return Contact{Mail, local + "@" + strings.ToLower(domain)}, nil
}

// apart are what people put between a number's groups.
var apart = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "\u00a0", "", "\u3000", "")

func parseMobile(text string) (Contact, error) {
	number := apart.Replace(text)
	if rest, found := strings.CutPrefix(number, "00"); found {
		number = "+" + rest
	}
	home, mainland := strings.CutPrefix(number, "+86")
	switch {
	case mainlandMobile.MatchString(home):
		return Contact{SMS, home}, nil
	case !mainland && foreignMobile.MatchString(number):
		return Contact{SMS, number}, nil
	}
	return Contact{}, errContact()
}

func errContact() error {
	return contactFault("mobile", "应为 11 位手机号，或以 + 和国家（地区）号开头的号码，或邮箱地址", "Expected a mobile number of 11 digits, one with + and its country, or a mail address")
}

func contactFault(code, zh, en string) error {
	return invalidFields([]FieldError{{"contact", code, Text{zh, en}}})
}

// Masked is a contact as it may be shown: 138****0000, z***@example.com.
func (c Contact) Masked() string {
	if c.Channel == Mail {
		name, domain, _ := strings.Cut(c.Address, "@")
		if len(name) == 1 {
			name = "" // it would be all of it
		}
		return name[:min(1, len(name))] + "***@" + domain
	}
	n := len(c.Address)
	shown := min(4, n-6) // of a short number less
	return c.Address[:3] + "****" + c.Address[n-shown:]
}
