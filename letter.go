package yinzheng

import (
	"maps"
	"slices"
	"strings"
)

// Letter is what a kind of message says. Nothing in it is personal but which item it
// is, and the number of the case; what an office wrote is read on the page that it
// leads to. {item}, {number} and {day} stand for those.
type Letter struct {
	Kind    string
	Asks    bool // something is asked of the resident
	Name    Text // of the kind, for administrators
	Subject Text // of a mail
	Says    Text // by mail and as a text message
	By      Text // likewise, where there is a day
	More    Text // by mail
}

// letters are the messages that residents get by themselves, by their kind.
var letters = map[string]Letter{
	"case-handed-in": {
		Name: Text{"已受理", "handed in"}, Subject: Text{"“{item}”已受理", "Taken in: {item}"},
		Says: Text{"“{item}”已受理，办件号{number}。", "Taken in: {item}, case {number}."}, By: Text{"最晚{day}办好。", " It will be done by {day}."},
		More: Text{"办到哪一步，随时可以在下面的网址查看。", " You can see at any time how far it is."},
	},
	"case-returned": {
		Asks: true, Name: Text{"需要补正", "to be mended"}, Subject: Text{"“{item}”需要您补正", "Please mend: {item}"},
		Says: Text{"“{item}”（办件号{number}）需要您补正。", "Something has to be mended: {item}, case {number}."}, By: Text{"最晚{day}，过期终止。", " By {day}, or the case ends."},
		More: Text{"补什么、到哪里补，请在下面的网址查看。", " What it is, and where to mend it, is on the page below."},
	},
	"case-mend-due": {
		Asks: true, Name: Text{"补正将到期", "mending is nearly due"}, Subject: Text{"“{item}”还没有补正", "Still to be mended: {item}"},
		Says: Text{"“{item}”（办件号{number}）还没有补正。", "Still to be mended: {item}, case {number}."}, By: Text{"最晚{day}，过期终止。", " By {day}, or the case ends."},
		More: Text{"补什么、到哪里补，请在下面的网址查看。", " What it is, and where to mend it, is on the page below."},
	},
	"case-material-due": {
		Asks: true, Name: Text{"后补材料将到期", "a promised document is nearly due"}, Subject: Text{"“{item}”还有材料要补交", "A document is due: {item}"},
		Says: Text{"“{item}”（办件号{number}）约定后补的材料还没有交。", "A document that you promised is still missing: {item}, case {number}."}, By: Text{"最晚{day}。", " Please bring it by {day}."},
		More: Text{"是什么材料、交到哪里，请在下面的网址查看。", " Which one, and where to bring it, is on the page below."},
	},
	"case-material-overdue": {
		Asks: true, Name: Text{"后补材料已逾期", "a promised document is overdue"}, Subject: Text{"“{item}”的材料已逾期", "A document is overdue: {item}"},
		Says: Text{"“{item}”（办件号{number}）约定后补的材料已逾期。", "A document that you promised is overdue: {item}, case {number}."}, By: Text{"{day}前仍不交，办件终止。", " After {day} the case ends."},
		More: Text{"是什么材料、交到哪里，请在下面的网址查看。", " Which one, and where to bring it, is on the page below."},
	},
	"case-issued": {
		Name: Text{"已签发", "issued"}, Subject: Text{"“{item}”已签发", "Issued: {item}"},
		Says: Text{"“{item}”（办件号{number}）已签发，可以领取。", "Issued: {item}, case {number}."},
		More: Text{
			"实名登录，或凭办件号和查询码打开下面的网址，就能查看、下载、分享；要纸质的，带证件到受理窗口。办得怎么样，也可以在那里评价，评不评由您。",
			" Sign in, or use the case's number and code on the page below, to see, download and share it; for paper, bring your document to the counter. You may also say there how it was handled, if you like.",
		},
	},
	"case-rejected": {
		Name: Text{"不予办理", "refused"}, Subject: Text{"“{item}”不予办理", "Refused: {item}"},
		Says: Text{"“{item}”（办件号{number}）不予办理。", "Refused: {item}, case {number}."},
		More: Text{"理由请在下面的网址查看。有疑问，可到受理单位询问，或向其上级单位反映。", " The reason is on the page below. If you object, ask the office that took it in, or the office above it."},
	},
	"case-ended": {
		Name: Text{"办件终止", "ended"}, Subject: Text{"“{item}”已终止办理", "Ended: {item}"},
		Says: Text{"“{item}”（办件号{number}）已终止办理。", "Ended without a certificate: {item}, case {number}."},
		More: Text{"原因请在下面的网址查看。需要时可以重新申请。", " Why is on the page below. You can apply again whenever you need it."},
	},
	"certificate-suspended": {
		Name: Text{"证明已中止", "certificate suspended"}, Subject: Text{"“{item}”已中止", "Suspended: {item}"},
		Says: Text{"您的“{item}”（办件号{number}）已中止，暂时不能使用。", "Suspended, and of no use for now: {item}, case {number}."},
		More: Text{"详情请在下面的网址查看，或到签发单位询问。", " More is on the page below; the office that sealed it answers questions."},
	},
	"certificate-restored": {
		Name: Text{"证明已恢复", "certificate valid again"}, Subject: Text{"“{item}”已恢复有效", "Valid again: {item}"},
		Says: Text{"您的“{item}”（办件号{number}）已恢复有效。", "Valid again: {item}, case {number}."},
	},
	"certificate-revoked": {
		Name: Text{"证明已撤销", "certificate revoked"}, Subject: Text{"“{item}”已撤销", "Revoked: {item}"},
		Says: Text{"您的“{item}”（办件号{number}）已撤销，不再有效。", "Revoked, and not valid any more: {item}, case {number}."},
		More: Text{"详情请在下面的网址查看。有疑问，可到签发单位询问，或向其上级单位反映。", " More is on the page below. If you object, ask the office that sealed it, or the office above it."},
	},
	"certificate-superseded": {
		Name: Text{"证明已被替代", "certificate replaced"}, Subject: Text{"“{item}”已换成新的", "Replaced: {item}"},
		Says: Text{"您的“{item}”（办件号{number}）已换成新的一份，旧的不再有效。", "Replaced by a new one, and not valid any more: {item}, case {number}."},
		More: Text{"新的一份请在下面的网址查看。", " The new one is found from the page below."},
	},
	RequestReturned.Event(): {
		Asks: true, Name: Text{"网上申请需要补正", "request to be mended"}, Subject: Text{"“{item}”的申请需要您补正", "Please mend your request: {item}"},
		Says: Text{"“{item}”的网上申请（{number}）需要您补正后再提交。", "Please mend your request and send it again: {item}, {number}."},
		More: Text{"要补什么，请在下面的网址查看。", " What to mend is on the page below."},
	},
	RequestTaken.Event(): {
		Name: Text{"网上申请已受理", "request taken in"}, Subject: Text{"“{item}”的申请已受理", "Your request was taken in: {item}"},
		Says: Text{"“{item}”的网上申请（{number}）已由窗口受理。", "Your request was taken in: {item}, {number}."},
		More: Text{"办到哪一步，请在下面的网址查看。", " How far it is, is on the page below."},
	},
	RequestAsked.Event(): {
		Asks: true, Name: Text{"窗口请居民补充", "asked for something more"}, Subject: Text{"“{item}”请您补充", "Please add something: {item}"},
		Says: Text{"“{item}”的网上申请（{number}），窗口请您补充。", "The office asks you for something: {item}, {number}."}, By: Text{"请在{day}前答复。", " Please answer by {day}."},
		More: Text{"要补什么，请在下面的网址查看、答复。", " What it is, and how to answer, is on the page below."},
	},
	RequestRefused.Event(): {
		Name: Text{"网上申请不予受理", "request refused"}, Subject: Text{"“{item}”的申请不予受理", "Your request was refused: {item}"},
		Says: Text{"“{item}”的网上申请（{number}）不予受理。", "Your request was refused: {item}, {number}."},
		More: Text{"理由请在下面的网址查看。有疑问，可到受理单位询问，或向其上级单位反映。", " The reason is on the page below. If you object, ask that office, or the office above it."},
	},
	KindContactGone: {
		Name: Text{"联系方式已更改", "contact changed"}, Subject: Text{"您的联系方式已更改", "Your contact was changed"},
		Says: Text{"您登记的联系方式已更改或删除，办件消息不再发到这里。不是您本人办的，请联系受理单位。", "Your contact was changed or removed: no more messages about cases come here. If that was not you, tell the office."},
	},
}

// KindContactGone tells the earlier contact that it is none any more.
const KindContactGone = "contact-changed"

// Letters lists what residents are told by themselves, in the order of their kinds.
func Letters() []Letter {
	var out []Letter
	for _, kind := range slices.Sorted(maps.Keys(letters)) {
		l := letters[kind]
		l.Kind = kind
		out = append(out, l)
	}
	return out
}

// SampleText is what a kind of message says as a text message, for administrators: of no
// case that there is.
func (s *Service) SampleText(l *Letter, language string) string {
	n := &News{Kind: l.Kind, ItemName: Text{"居住证明", "Residence"}, About: strings.Repeat("0", caseIDLength), Day: s.now().AddDate(0, 0, 3)}
	to := &ResidentContact{Contact: Contact{Channel: SMS}, Language: language, Secret: strings.Repeat("0", stopSecretLength)}
	return n.message(to, s.PublicURL).Body
}

// message is what a contact is told of news.
func (n *News) message(to *ResidentContact, publicURL string) Message {
	l, in := letters[n.Kind], to.Language
	m := Message{ID: n.id(to), Channel: to.Channel, To: to.Address, Language: in, Kind: n.Kind, About: n.About}
	says := l.Says.In(in)
	if !n.Day.IsZero() {
		says += l.By.In(in)
	}
	if n.Kind != KindContactGone {
		m.Stop = publicURL + StopPath + to.Secret
	}
	switch {
	case to.Channel == Mail:
		m.Subject, says = l.Subject.In(in), says+l.More.In(in)+n.links(to, publicURL, m.Stop)
	case m.Stop != "":
		says += Text{"查看、退订：", " See it, or stop these: "}.In(in) + m.Stop
	}
	fill := strings.NewReplacer("{item}", n.ItemName.In(in), "{number}", n.About, "{day}", lastDayBefore(n.Day))
	m.Subject, m.Body = fill.Replace(m.Subject), fill.Replace(says)
	return m
}

// links are the ends of a mail: where to read more, and where to stop them.
func (n *News) links(to *ResidentContact, publicURL, stop string) string {
	if stop == "" {
		return ""
	}
	page, in := FollowPath, to.Language
	switch {
	case strings.HasPrefix(to.Resident, "request:"):
		page = "/apply" // with its code
	case strings.HasPrefix(n.Kind, "request-"):
		page = "/mine"
	}
	return Text{"\n\n查看：", "\n\nSee it: "}.In(in) + publicURL + page + Text{"\n不想再收到这样的消息：", "\nStop these messages: "}.In(in) + stop
}

// Segments is how many text messages a text is sent as: of 70 characters, or 160 where
// all are of the basic alphabet (3GPP TS 23.038), and somewhat less where there are
// several.
func Segments(text string) int {
	septets, units := 0, 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("^{}\\[~]|€", r):
			septets += 2
		case r == '\n' || r >= ' ' && r <= '~' && r != '`' || strings.ContainsRune("£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", r):
			septets++
		default:
			septets += 1 << 20 // of no use any more
		}
		if units++; r > 0xffff {
			units++
		}
	}
	length, single, each := units, 70, 67
	if septets < 1<<20 {
		length, single, each = septets, 160, 153
	}
	if length <= single {
		return 1
	}
	return (length + each - 1) / each
}
