// Package storetest is the conformance suite of yinzheng.Store: every engine
// and every stand-in passes the same tests.
package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// Run tests the stores that open makes: empty, one for each test, closed by
// open's own cleanup.
func Run(t *testing.T, open func(t *testing.T) yinzheng.Store) {
	tests := map[string]func(*testing.T, yinzheng.Store){
		"Application/round trip":     applicationRoundTrip,
		"Application/conflicts":      applicationConflicts,
		"Application/one winner":     applicationOneWinner,
		"Queue/scopes":               queueScopes,
		"Queue/pages":                queuePages,
		"Queue/inbox":                inbox,
		"Limits":                     limits,
		"Calendar":                   calendar,
		"Notices":                    notices,
		"Messages":                   messages,
		"MessagesInOrder":            messagesInOrder,
		"Messages/requests":          messageRequests,
		"Delegations":                delegations,
		"Delegations/borrowers":      borrowers,
		"Waiting":                    waiting,
		"Certificate/life":           certificateLife,
		"Certificate/unique":         certificateUnique,
		"Certificate/lease":          certificateLease,
		"Certificate/concurrent":     certificateConcurrent,
		"Certificate/status":         certificateStatus,
		"Lineage/in force":           lineageInForce,
		"Lineage/newest number":      newestNumber,
		"Lineage/replacements":       replacements,
		"Revocations":                revocations,
		"Copies":                     copies,
		"Papers":                     papers,
		"Papers/scan":                paperScan,
		"Files":                      files,
		"Retention/cases":            erasing,
		"Retention/needed":           needed,
		"Retention/files":            dropping,
		"Retention/drafts":           fading,
		"Retention/around":           lingering,
		"Retention/holds":            holds,
		"Retention/spent":            spent,
		"Inspections":                inspections,
		"Commitment rights":          commitmentRights,
		"Directory":                  directory,
		"Directory/undone":           directoryUndone,
		"Publications":               publications,
		"Samples":                    samples,
		"Verifications":              verifications,
		"Designs":                    designs,
		"Designs/published":          madeTemplates,
		"Catalogue/acts":             catalogueActs,
		"Catalogue/open cases":       openCasesOf,
		"Reorganisations":            reorganisations,
		"Reorganisations/posts":      moveGrants,
		"Reorganisations/places":     placeCases,
		"Account":                    account,
		"Account/one winner":         accountOneWinner,
		"Account/of an office":       accountsOf,
		"Account/by name":            accountsNamed,
		"Desks":                      desks,
		"Keys":                       keys,
		"Characters":                 characters,
		"Faces":                      faces,
		"Session":                    session,
		"Session/opened":             opened,
		"Residents/sessions":         residentSessions,
		"Residents/codes":            caseCodes,
		"Residents/contacts":         contacts,
		"Residents/contact proofs":   contactProofs,
		"Residents/cases":            belongingTo,
		"Residents/shares":           shares,
		"Requests":                   residentRequests,
		"Remember":                   remember,
		"Remember/pruned":            pruned,
		"Remember/concurrent":        rememberConcurrent,
		"Log/chain":                  logChain,
		"Log/salted":                 logSalted,
		"Log/undone":                 logUndone,
		"Events about":               eventsAbout,
		"Events between":             eventsBetween,
		"Alike":                      alike,
		"Search/reach":               searchReach,
		"Search/names":               searchNames,
		"Search/pages":               searchPages,
		"Search/at once":             searchAtOnce,
		"Persons":                    persons,
		"Persons/many":               personsMany,
		"Persons/imports":            personImports,
		"Persons/cases":              heldBy,
		"Ratings":                    ratings,
		"Inquiries/acts":             inquiryActs,
		"Inquiries/places":           inquiryPlaces,
		"Inquiries/replies":          inquiryReplies,
		"Inquiries/rolls":            inquiryRolls,
		"Inquiries/lists":            inquiryLists,
		"Campaigns":                  campaigns,
		"Campaigns/apart":            campaignsApart,
		"Campaigns/entries":          campaignEntries,
		"Campaigns/holdings":         holdings,
		"Batches":                    batches,
		"Batches/rows":               batchRows,
		"Changed":                    changed,
		"Tx/undone":                  txUndone,
		"Tx/sees its own":            txSeesItsOwn,
		"Tx/nested":                  txNested,
		"Tx/neighbours":              txNeighbours,
		"Tx/panic":                   txPanic,
		"Tx/goexit":                  txGoexit,
		"Tx/cancelled before":        txCancelledBefore,
		"Tx/cancelled while running": txCancelledWhileRunning,
		"Tx/over":                    txOver,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Kept compares cases by what a store keeps of them: not by what Fold alone knows.
var Kept = cmp.Options{cmpopts.IgnoreUnexported(yinzheng.Application{}), cmpopts.IgnoreFields(yinzheng.Application{}, "Attachments", "Substitutes", "Inspections", "Desks", "Due", "Late", "Recused", "Stranded")}

// Start is the moment at which the samples begin.
var Start = time.Date(2026, 11, 2, 8, 15, 0, 123456000, time.UTC)

// Template is a chain of village, town and district, which issuing waits past for
// a material that was promised.
var Template = &yinzheng.Template{
	Code: "residence", Version: 2, Token: yinzheng.TokenFields{Name: "name"},
	Materials: []yinzheng.Material{{Key: "lease", Scan: true, Later: &yinzheng.Later{Days: 2, Issue: yinzheng.IssueWaits, Lapse: 3}}},
	Chain: []yinzheng.Step{
		{Key: "village", Name: yinzheng.Text{ZH: "村（社区）核实", EN: "village"}, Level: yinzheng.Village, Role: yinzheng.Clerk},
		{Key: "town", Name: yinzheng.Text{ZH: "镇（街道）审批", EN: "town"}, Level: yinzheng.Town, Role: yinzheng.Approver},
		{Key: "district", Name: yinzheng.Text{ZH: "区审批", EN: "district"}, Level: yinzheng.District, Role: yinzheng.Approver},
	},
}

// The divisions of Tree: two villages of one town, one of another. East lies
// in the town by its Parent alone, against the digits of its code.
const (
	Province = "440000000000"
	City     = "441300000000"
	District = "441302000000"
	Town     = "441302001000"
	Town2    = "441302002000"
	North    = "441302001001"
	South    = "441302001002"
	West     = "441302002001"
	East     = "990000000001"
)

// Tree is a small office tree.
func Tree() *yinzheng.Directory {
	division := func(code, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: "区划" + code, Parent: parent, Level: l}
	}
	return yinzheng.NewDirectory([]yinzheng.Division{
		division(Province, "", yinzheng.Province), division(City, Province, yinzheng.City), division(District, City, yinzheng.District),
		division(Town, District, yinzheng.Town), division(North, Town, yinzheng.Village), division(South, Town, yinzheng.Village),
		division(Town2, District, yinzheng.Town), division(West, Town2, yinzheng.Village), division(East, Town, yinzheng.Village),
	}, []yinzheng.Office{
		{ID: "north", Name: "北社区居委会", Division: North},
		{ID: "town", Name: "桥东街道办事处", Division: Town, Organ: "11441302007158123A"},
	}, []yinzheng.Organ{
		{Code: "11441302007158123A", Name: "桥东街道办事处", Mark: "证明专用章", From: Start, To: Start.AddDate(1, 0, 0)},
	})
}

// Case is a case after the actions named, by an office for a division, changed
// a second after another.
func Case(id, office, division string, kinds ...yinzheng.ActionKind) *yinzheng.Application {
	a := yinzheng.Fold(id, Template, nil)
	return Next(a, append([]yinzheng.ActionKind{yinzheng.Create}, kinds...), office, division)
}

// Next is the case after further actions.
func Next(a *yinzheng.Application, kinds []yinzheng.ActionKind, office, division string) *yinzheng.Application {
	actions := a.Actions[:len(a.Actions):len(a.Actions)]
	for _, kind := range kinds {
		x := yinzheng.Action{
			Seq: len(actions) + 1, At: Start.Add(time.Duration(len(actions)) * time.Second), Kind: kind, By: "u1", Name: "王小明",
			Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001011234"}, Office: office, Role: yinzheng.Clerk,
		}
		switch kind {
		case yinzheng.Create, yinzheng.Edit:
			x.Input = &yinzheng.Input{Division: division, Applicant: applicant(), Values: values(a.ID)}
			if kind == yinzheng.Create {
				x.Input.Replaces = "C0"
			}
		case yinzheng.Submit:
			x.Step = "village"
			x.Against = against()
		case yinzheng.Return:
			x.ToStep, x.Opinion = "village", "请补充 <材料> & \u2028 \"说明\""
		case yinzheng.Reserve:
			x.Code = "C" + a.ID
		case yinzheng.Attach:
			x.Attachment = &yinzheng.Attachment{
				Material: "commitment", Name: "承诺书.jpg", Type: "image/jpeg", Size: 1 << 20, Width: 2560, Height: 1440,
				Digest: Digest("kept"), Original: Digest("sent"), TextDigest: Digest("text"),
				Signed: &yinzheng.Signing{By: yinzheng.ByFingerprint, Witness: &yinzheng.Witness{Name: "周敏", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001011234"}}},
			}
		case yinzheng.Detach:
			x.Detached = len(actions)
		case yinzheng.Refer:
			x.Material, x.Refers = "id_card", "C0"
		case yinzheng.Promise:
			x.Material, x.Due = "lease", Start.AddDate(0, 0, 4)
		case yinzheng.Schedule:
			x.Material, x.Due = "lease", Start.AddDate(0, 0, 30)
		case yinzheng.Inspect:
			x.Material, x.Reason, x.Opinion = "lease", yinzheng.FoundTrue, "已走访"
		case yinzheng.Suspend:
			x.Code, x.Reason = "C"+a.ID, "complaint"
		case yinzheng.Erase:
			x.Reason = a.Retained()
			if x.Reason != yinzheng.RetainFiles {
				x.Input = &yinzheng.Input{Division: a.Division, Replaces: a.Replaces()}
			}
		}
		actions = append(actions, x)
	}
	return yinzheng.Fold(a.ID, Template, actions)
}

// Digest is the SHA-256 of a content, in hexadecimal.
func Digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func applicant() yinzheng.Applicant {
	return yinzheng.Applicant{As: yinzheng.AsAgent, Name: "李四", ID: yinzheng.ID{Type: yinzheng.NoID, Reason: "新生儿"}, Authority: "委托书"}
}

// values holds every normal form, and an integer that a float64 cannot hold.
func values(id string) yinzheng.Values {
	return yinzheng.Values{
		"name": "持证人" + id, "rare": "䶮𫖯𠮷", "yes": true, "no": false, "count": int64(9007199254740993), "negative": int64(-3),
		"id":   map[string]any{"type": "111", "number": "441302199001011234"},
		"rows": []any{map[string]any{"name": "张三", "age": int64(7)}, map[string]any{"name": "赵六", "deceased": true}},
		"none": []any{},
	}
}

// Certificate is a reserved record for a case; n tells several of them apart.
func Certificate(n int, application string) *yinzheng.Certificate {
	return &yinzheng.Certificate{
		Code: fmt.Sprintf("C%s", application), Number: fmt.Sprintf("1.2.156.3005.2.11100000000013338W011.11441302007158123A.%09d.001.U", n), Application: application,
		Template: Template.Ref(), Short: "RES", Organ: "11441302007158123A", OrganName: "桥东街道办事处", Division: North,
		Name: "张*三", ID: "441302********1234", Holder: "张小三", IssuedAt: Start, Expires: Start.AddDate(0, 6, 0),
		Salt: []byte("0123456789abcdef"), Commitment: "commitment", List: 1, Index: n, Lease: Start.Add(15 * time.Second),
		TokenKID: "tokenkid", DocumentKID: "dockid00", Status: yinzheng.StatusReserved, StatusAt: Start,
	}
}

// Finished is the record once its PDF is made.
func Finished(c *yinzheng.Certificate, pdf []byte) *yinzheng.Certificate {
	f := *c
	f.Token, f.Digest, f.Pages = "token-of-"+c.Code, yinzheng.DigestPDF(pdf), 2
	f.Status, f.StatusAt, f.Lease = yinzheng.StatusOK, Start.Add(time.Second), time.Time{}
	return &f
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	var e *yinzheng.Error
	if !errors.As(err, &e) || e.Text.ZH == "" || e.Text.EN == "" {
		t.Fatalf("%v does not tell its reader anything in both languages", err)
	}
}

// against holds a text and a document that are otherwise than on record.
func against() *yinzheng.AgainstRecord {
	from := yinzheng.Origin{Source: "常住人口登记", AsOf: "2026-01-02", Import: "m1"}
	return &yinzheng.AgainstRecord{Division: North, Fields: []yinzheng.AgainstField{
		{Field: "values.name", OnRecord: "持证人", FilledIn: "持证", Former: true, Origin: from},
		{Field: "values.id", OnRecord: map[string]any{"type": "111", "number": "441302199001011234"}, FilledIn: map[string]any{"type": "passport", "number": "E1"}, Origin: from, Older: &yinzheng.Origin{Source: "certificate", AsOf: "2025-01-02", Certificate: "C9"}},
	}}
}
