package yinzheng

import (
	"encoding/base64"
)

// Fits tells whether the attached values give the digest that a token holds.
func (a *Attached) Fits(digest string) bool {
	salt, err := base64.RawURLEncoding.DecodeString(a.Salt)
	return err == nil && len(salt) == SaltLength && Commit(salt, TemplateRef{a.Item, a.Template}, a.Number, a.Values) == digest
}

type words struct{ heading, meaning, advice Text }

// spoken is what each verdict means and what to do, in words.
var spoken = map[Verdict]words{
	Valid: {
		Text{"有效", "Valid"},
		Text{"签名真实，登记在案，现行有效。", "The signature is genuine, the record stands, the certificate is in force."},
		Text{"请将下列信息与纸面核对；不一致的，二维码可能来自别的证明，请勿采信。", "Compare the facts below with the paper. Where they differ, the QR code may be that of another certificate: do not rely on it."},
	},
	Revoked: {
		Text{"已撤销", "Revoked"},
		Text{"这份证明曾真实签发，后被签发机关撤销。", "This certificate was genuine and was later revoked by its issuer."},
		Text{"请勿采信；如有疑问请联系签发机关。", "Do not rely on it; ask the issuer if in doubt."},
	},
	Suspended: {
		Text{"已中止", "Suspended"},
		Text{"签发机关已暂时中止这份证明的效力。", "The issuer has suspended this certificate for the time being."},
		Text{"请暂缓采信，联系签发机关。", "Do not rely on it for now; ask the issuer."},
	},
	Superseded: {
		Text{"已被替代", "Superseded"},
		Text{"这份证明已由新的一份替代。", "A newer certificate replaces this one."},
		Text{"请让持有人出示新证明，或查看替代它的证明。", "Ask for the new one, or follow the link to it."},
	},
	Expired: {
		Text{"已过期", "Expired"},
		Text{"这份证明真实，但已超过有效期。", "This certificate is genuine, but its validity has ended."},
		Text{"请让持有人重新办理。", "The holder needs a new one."},
	},
	Altered: {
		Text{"内容被改动", "Altered"},
		Text{"现在的内容与签发时不一致。", "What you have is not what was issued."},
		Text{"请勿采信；请让持有人提供原始文件。", "Do not rely on it; ask for the original file."},
	},
	Forged: {
		Text{"签名不符", "Signature does not fit"},
		Text{"签名与所称的签发机关密钥不符。", "The signature does not fit the key of the issuer it claims."},
		Text{"请勿采信，并向签发机关反映。", "Do not rely on it, and tell the issuer."},
	},
	UnknownKey: {
		Text{"无法确认（未知签发密钥）", "Cannot confirm (unknown key)"},
		Text{"这里不认识签发它的密钥。这不等于伪造，也不等于真实。", "The key that signed it is not known here. That does not make it false, nor genuine."},
		Text{"请更新密钥名单，或到签发机关的核验页面核验。", "Update the key list, or verify on the issuer's own page."},
	},
	Unconfirmed: {
		Text{"暂不能确认", "Cannot confirm now"},
		Text{"签名成立，但现在无法确认其登记与状态。", "The signature holds, but its record or status cannot be confirmed now."},
		Text{"请联网核验，或更新名单后重试。", "Verify online, or fetch current lists and try again."},
	},
	NotFound: {
		Text{"查无此证", "No such certificate"},
		Text{"没有这个编号或验证码的登记。", "There is no record under this number or code."},
		Text{"请核对是否抄错；如仍查不到，请勿采信。", "Check for a slip of the pen; if it still is not found, do not rely on it."},
	},
	NoSignature: {
		Text{"文件无签名", "No signature"},
		Text{"文件中没有可核验的电子签名，可能是扫描件或打印件。", "The file carries no signature to verify; it may be a scan or a print."},
		Text{"请扫描纸面二维码，或让持有人提供原始 PDF。", "Scan the QR code on the paper, or ask for the original PDF."},
	},
}

// Spoken is what a verdict says, unless something about the answer makes it say otherwise.
func Spoken(v Verdict) (heading, meaning, advice Text) {
	w := spoken[v]
	return w.heading, w.meaning, w.advice
}

func (j *judge) describe() {
	j.Heading, j.Meaning, j.Advice = Spoken(j.Verdict)
	switch {
	case j.Verdict == Valid && j.RecordOnly:
		j.Heading = Text{"登记有效，请核对内容", "The record is valid; compare the facts"}
		j.Meaning = Text{"登记中的证明现行有效。仅凭编号不能证明您手中的纸面或文件未被改动。", "The certificate on record is in force. A number alone does not show that the paper in your hand is unchanged."}
		j.Advice = Text{"请逐项核对下列信息；如有二维码，请扫码核验。", "Compare each fact below with the paper; if it has a QR code, scan that."}
	case j.Verdict == Unconfirmed && j.slow:
		j.Meaning = Text{"这里的时钟与签发或名单的时间对不上，无法判断现在的状态。", "The clock here does not go with when it, or a list, was issued, so its status now cannot be told."}
		j.Advice = Text{"请校准时钟（日期、时间、时区）后重新核验；仍然如此，请联系签发机关。", "Set the clock (date, time, time zone) and verify again; if that does not help, ask the issuer."}
	case j.Verdict == Valid && j.Offline:
		j.Heading = Text{"离线核验：签名有效", "Offline: the signature holds"}
		j.Meaning = Text{"签名真实；状态以名单的时间为准。", "The signature is genuine; the status is as of the list's time."}
		j.Advice = Text{"如事关重大，请联网再核验一次。", "Where much depends on it, verify once more online."}
	case j.PDF != nil && j.PDF.Problem == noCode:
		j.Heading = Text{"没有读到二维码", "No QR code was read"}
		j.Meaning = Text{"图片本身不能证明什么，要核验的是纸面上的二维码。", "A picture by itself proves nothing; what is verified is the QR code on the paper."}
		j.Advice = Text{"请铺平纸张、光线充足，让二维码占画面的一半以上，对准焦再拍一张；也可输入核验码。", "Lay the paper flat in good light, let the QR code fill half of the picture, wait until it is sharp, and take it again; or type the code."}
	case j.PDF != nil && j.PDF.Problem == otherCode:
		j.Heading = Text{"不是电子证明的二维码", "Not a certificate's QR code"}
		j.Meaning = Text{"读到了二维码，但它不是电子证明上的。", "A QR code was read, but it is not that of a certificate."}
		j.Advice = Text{"请拍摄证明上“扫码核验”旁的二维码。", "Please photograph the QR code on the certificate that says “scan to verify”."}
	case j.PDF != nil && j.PDF.Pictures:
		j.Meaning = Text{"这是扫描或拍照得来的 PDF，电子签名没有随之保留。", "This PDF is a scan or a photograph; the signature did not come with it."}
		j.Advice = Text{"请把其中的二维码截图或拍照上传，用扫码枪扫码，或让持有人提供原始 PDF。", "Send a screenshot or a photograph of the QR code in it, scan that, or ask for the original PDF."}
	}
}
