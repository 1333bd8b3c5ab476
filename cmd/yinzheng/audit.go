package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/design"
	"yinzheng/store"
	"yinzheng/templates"
	"yinzheng/web"
)

type auditCmd struct {
	Head   auditHeadCmd   `cmd:"" help:"Print number, hash and time of the record's last entry, to be written down elsewhere."`
	Verify auditVerifyCmd `cmd:"" help:"Check that nothing in the record was changed, removed, inserted or reordered."`
}

type auditHeadCmd struct {
	Dir string `help:"Data folder." default:"data" env:"YINZHENG_DIR"`
}

func (auditHeadCmd) Help() string {
	return `Keep what it prints where the operators of this machine cannot change it: on paper, or with a superior office. It tells nothing of what the record holds. Works beside a running server.`
}

func (c *auditHeadCmd) Run(ctx context.Context, e *env) error {
	a, err := openAudit(ctx, c.Dir)
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := a.Head(ctx)
	if err != nil {
		return err
	}
	if head.Seq == 0 {
		return errors.New("nothing is on record yet")
	}
	fmt.Fprintf(e.stdout, "%d  %s  %s\n", head.Seq, head.Hash, logTime(head.At))
	return nil
}

type auditVerifyCmd struct {
	Dir          string `help:"Data folder." default:"data" env:"YINZHENG_DIR"`
	TemplatesDir string `name:"templates-dir" help:"Folder with more templates (.yaml), as the server has it." type:"existingdir" env:"YINZHENG_TEMPLATES_DIR"`
	Head         string `help:"Hash that audit head printed once. Without one, an end that was cut off goes unnoticed." placeholder:"HASH"`
}

func (auditVerifyCmd) Help() string {
	return `Computes the chain of hashes again from the actions and events themselves, and names the first entry that does not fit. Reads only, and works beside a running server.

Exit status: 0 the record is whole, 1 it is not, or could not be checked.

  yinzheng audit head --dir data > head.txt
  yinzheng audit verify --dir data --head $(cut -d' ' -f3 head.txt)`
}

// progressEvery is after how much work the next line of progress comes.
const progressEvery = 200_000

func (c *auditVerifyCmd) Run(ctx context.Context, e *env) error {
	next := int64(progressEvery)
	found, skipped, err := checkRecord(ctx, c.Dir, c.TemplatesDir, c.Head, e.now(), func(done, all int64) {
		if done >= next {
			next = done + progressEvery
			fmt.Fprintf(e.stderr, "checked %d%%\n", min(100, 100*done/max(all, 1)))
		}
	})
	if err != nil {
		return err
	}
	if found.Fault != nil {
		printFault(e, found.Fault)
		return exitCode(1)
	}
	last := &found.Last
	fmt.Fprintf(e.stdout, "记录完整  The record is whole\n  条数 entries  %d\n  末尾 head     %s\n  时间 time     %s\n", last.Seq, last.Hash, logTime(last.At))
	if found.Erased > 0 {
		fmt.Fprintf(e.stdout, "  其中 %d 条的内容已按保存期限销毁，销毁有记录且已到期\n  The content of %[1]d of them was erased in time, as the record says\n", found.Erased)
	}
	if skipped > 0 {
		fmt.Fprintf(e.stdout, "  %d 件缺少模板版本，未与经过核对（--templates-dir）\n  %[1]d cases were not compared with their history: their template's version is not here (--templates-dir)\n", skipped)
	}
	if c.Head == "" {
		fmt.Fprintln(e.stdout, "  未与事先抄存的末尾比对（--head）；末尾被截去时无从发现\n  Not compared with a head written down before (--head): an end cut off would not show")
	}
	return nil
}

// checkRecord checks the whole record of a data folder, beside a server that may
// be running on it, and then every case against its history; skipped are those
// whose template is not here.
func checkRecord(ctx context.Context, dir, templatesDir, head string, now time.Time, progress func(done, all int64)) (found *store.Findings, skipped int, err error) {
	hash, err := parseHash(head)
	if err != nil {
		return nil, 0, err
	}
	a, err := openAudit(ctx, dir)
	if err != nil {
		return nil, 0, err
	}
	defer a.Close()
	if found, err = a.Verify(ctx, hash, now, progress); err == nil && found.Fault == nil {
		skipped, found.Fault, err = checkCases(ctx, a, templatesDir)
	}
	return found, skipped, err
}

// checkCases compares every case with its history, by the templates that are here.
func checkCases(ctx context.Context, a *store.Audit, templatesDir string) (skipped int, fault *store.LogFault, err error) {
	set, err := templateSet(templatesDir)
	if err != nil {
		return 0, nil, err
	}
	if set, _, err = design.InForce(ctx, a, templates.YAML{}, set); err != nil {
		return 0, nil, err
	}
	sample, err := templates.Sample()
	if err != nil {
		return 0, nil, err
	}
	set = append(set, sample)
	return a.VerifyCases(ctx, func(id string, ref yinzheng.TemplateRef, actions []yinzheng.Action) *yinzheng.Application {
		i := slices.IndexFunc(set, func(t *yinzheng.Template) bool { return t.Ref() == ref })
		if i < 0 {
			return nil
		}
		return yinzheng.Fold(id, set[i], actions)
	})
}

// checkLog is checkRecord for the pages.
func (s *system) checkLog(ctx context.Context, head string, progress func(done, all int64)) (*web.LogCheck, error) {
	found, skipped, err := checkRecord(ctx, s.dir, s.templatesDir, head, s.Now(), progress)
	if err != nil {
		return nil, err
	}
	c := &web.LogCheck{Head: found.Last, Erased: found.Erased, Skipped: skipped}
	if fault := found.Fault; fault != nil {
		text := faultTexts[fault.Kind]
		c.Head, c.Fault = fault.Entry, &text
	}
	return c, nil
}

func openAudit(ctx context.Context, dir string) (*store.Audit, error) {
	file := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("%s holds no data of yinzheng", dir)
	}
	return store.OpenAudit(ctx, file)
}

func parseHash(s string) (h yinzheng.LogHash, err error) {
	if s == "" {
		return h, nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("--head: expected the %d hexadecimal digits that audit head printed", 2*len(h))
	}
	copy(h[:], b)
	return h, nil
}

var faultTexts = map[store.FaultKind]yinzheng.Text{
	store.EntryBroken:    {ZH: "记录条目被改动、插入或调换", EN: "the entry was changed, inserted or moved"},
	store.EntryMissing:   {ZH: "记录条目被删除", EN: "the entry was removed"},
	store.ContentChanged: {ZH: "所记内容被改动", EN: "what it stands for was changed"},
	store.ContentMissing: {ZH: "所记内容被删除或移走", EN: "what it stands for was removed or moved"},
	store.ContentExtra:   {ZH: "有未经记录而插入的内容", EN: "this was inserted without being recorded"},
	store.FileChanged:    {ZH: "附件或扫描件的内容被改动", EN: "a file that it refers to was changed"},
	store.FileMissing:    {ZH: "附件或扫描件被删除", EN: "a file that it refers to was removed"},
	store.CaseDiffers:    {ZH: "办件的现状与其办理经过不符", EN: "the case as it stands is not what its history made it"},
	store.HeadMissing:    {ZH: "记录中没有所给的末尾：末尾被截去，或整份记录被重写", EN: "the record does not hold the head given: its end was cut off, or it was written anew"},
}

func printFault(e *env, f *store.LogFault) {
	t, w := faultTexts[f.Kind], e.stdout
	fmt.Fprintf(w, "记录不完整  The record is not whole\n  %s\n  %s (%s)\n", t.ZH, t.EN, f.Kind)
	switch {
	case f.Kind == store.HeadMissing:
		fmt.Fprintf(w, "  现有末尾 present head  %d  %s  %s\n", f.Entry.Seq, f.Entry.Hash, logTime(f.Entry.At))
		return
	case f.Entry.Seq > 0:
		fmt.Fprintf(w, "  序号 entry    %d\n", f.Entry.Seq)
	}
	if f.Entry.Kind != "" {
		fmt.Fprintf(w, "  时间 time     %s\n  类别 kind     %s %d\n  对象 subject  %s\n", logTime(f.Entry.At), f.Entry.Kind, f.Entry.Part, f.Entry.Subject)
	}
}

func logTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(yinzheng.Zone).Format("2006-01-02 15:04:05")
}
