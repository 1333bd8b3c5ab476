package yinzheng

import (
	"fmt"
	"slices"
)

// maxDays bounds a limit, in working days.
const maxDays = 250

// chain refuses chains in which a case could get stuck or a step could never
// be reached.
func (l *linter) chain() {
	t := l.t
	l.require(len(t.Chain) > 0, "chain", "required", "审批链至少要有一个环节", "the chain needs at least one step")
	seen := map[string]bool{ToClerk: true, intake: true}
	last := -1
	for i := range t.Chain {
		s, p := &t.Chain[i], fmt.Sprintf("chain[%d]", i)
		l.require(itemCode.MatchString(s.Key), p+".key", "code", "应为小写字母、数字和连字符", "expected lower-case letters, digits and hyphens")
		l.require(!seen[s.Key], p+".key", "twice", "环节名重复或为保留名 clerk、intake", "two steps have this key, or it is one of the reserved words clerk and intake")
		l.text(p+".name", s.Name)
		l.require(s.Level.Known(), p+".level", "choice", "不认识的层级", "unknown level: village, town, district, city or province")
		l.require(s.Level.rank() >= last, p+".level", "order", "审批链只能逐级向上", "a chain only climbs: this level is below the one before")
		last = s.Level.rank()
		l.deciders(p, s)
		l.limit(p, s)
		for j, to := range s.ReturnTo {
			l.require(to == ToClerk || seen[to] && to != intake, fmt.Sprintf("%s.return_to[%d]", p, j), "choice", "应为 clerk 或前面的环节", "expected clerk or a step before this one")
		}
		for j := range s.When {
			l.clause(fmt.Sprintf("%s.when[%d]", p, j), &s.When[j])
		}
		seen[s.Key] = true
	}
	l.sealing()
}

// sealing checks the last step: it is the consent to seal.
func (l *linter) sealing() {
	n := len(l.t.Chain)
	if n == 0 {
		return
	}
	p, s := fmt.Sprintf("chain[%d]", n-1), &l.t.Chain[n-1]
	l.require(s.Level == l.t.Issuer, p+".level", "issuer", "最后一个环节就是用印，应与 issuer 同级", "the last step is the consent to seal, so its level is the issuer's")
	l.require(len(s.When) == 0, p+".when", "dead-end", "最后一个环节不能有条件，否则办件可能无人用印", "the last step cannot depend on a condition: without it nobody consents to the seal")
	if l.t.Function != "" {
		ok := slices.ContainsFunc(s.Posts(), func(p Post) bool { return p.Function == l.t.Function })
		l.require(ok, "issuer_function", "issuer", "用印机关须在最后一个环节中", "the organ that seals must be one of the last step's deciders")
	}
}

func (l *linter) deciders(p string, s *Step) {
	if len(s.Deciders) == 0 {
		l.post(p, s.Posts()[0])
		l.require(s.Need == 0, p+".need", "range", "只有写明 deciders 时才有 need", "need stands only beside deciders")
		return
	}
	posts := s.Posts()
	for i, post := range posts {
		q := fmt.Sprintf("%s.deciders[%d]", p, i)
		l.post(q, post)
		l.require(post.Level == s.Level, q+".level", "level", "会签各方应同级", "those who countersign are of the step's level")
		l.require(!slices.ContainsFunc(posts[:i], func(o Post) bool { return o.Function == post.Function && o.Role == post.Role }), q, "twice", "会签方重复，请用 count 表示人数", "this post is there twice; say with count how many people")
	}
	l.require(s.Need >= 0 && s.Need <= len(posts), p+".need", "range", "应在 1 到会签方数目之间", "expected 1 to the number of deciders")
}

func (l *linter) post(p string, post Post) {
	l.require(post.Role == Clerk && post.Level == Village || post.Role == Approver, p+".role", "choice", "应为 approver（村级可为 clerk）", "expected approver (or clerk at village level)")
	l.require(post.Function == "" || itemCode.MatchString(post.Function), p+".function", "code", "应为小写字母、数字和连字符", "expected lower-case letters, digits and hyphens, such as public-security")
	l.require(post.Count >= 1 && post.Count <= 9, p+".count", "range", "应在 1 到 9 之间", "expected 1 to 9")
}

func (l *linter) limit(p string, s *Step) {
	l.require(s.Limit >= 0 && s.Limit <= maxDays, p+".limit_days", "range", "应在 0 到 250 个工作日之间", "expected 0 to 250 working days")
	for j, to := range s.Tell {
		l.tell(fmt.Sprintf("%s.tell[%d]", p, j), s, to)
	}
	if s.TakeOver == nil {
		return
	}
	l.require(s.Limit > 0, p+".take_over", "limit", "有时限才能有超期接手方", "somebody takes over only past a limit: limit_days is missing")
	post := s.Complete(*s.TakeOver)
	l.post(p+".take_over", post)
	l.require(post.Level.rank() >= s.Level.rank(), p+".take_over.level", "level", "接手方应为同级或上级", "who takes over is of the step's level or above")
}

// tell checks a post that is told past the limit: anybody who works on cases.
func (l *linter) tell(p string, s *Step, to Post) {
	l.require(s.Limit > 0, p, "limit", "有时限才能有超期告知", "somebody is told only past a limit: limit_days is missing")
	l.require(to.Count == 0, p+".count", "not-applicable", "告知不写人数", "whoever holds the post is told: there is no count")
	post := s.Complete(to)
	l.require(post.Level.Known(), p+".level", "choice", "不认识的层级", "unknown level: village, town, district, city or province")
	l.require(post.Role == Clerk || post.Role == Approver, p+".role", "choice", "应为 clerk 或 approver", "expected clerk or approver")
	l.require(post.Function == "" || itemCode.MatchString(post.Function), p+".function", "code", "应为小写字母、数字和连字符", "expected lower-case letters, digits and hyphens, such as public-security")
}

// clause refuses a condition on an absent field, and one that never holds.
func (l *linter) clause(p string, c *Clause) {
	f := l.t.Field(c.Field)
	if f == nil {
		l.field(p+".field", l.t.Fields, c.Field)
		return
	}
	kinds := 0
	for _, set := range []bool{c.Is != "", len(c.In) > 0, c.Filled != nil, c.Over != nil} {
		if set {
			kinds++
		}
	}
	l.require(kinds == 1, p, "clause", "一个条件只写 is、in、filled、over 之一", "a condition has exactly one of is, in, filled, over")
	if c.Over != nil {
		l.field(p+".field", l.t.Fields, c.Field, IntegerField, ListField)
	}
	if c.Is != "" || len(c.In) > 0 {
		l.field(p+".field", l.t.Fields, c.Field, ChoiceField, TextField, NameField)
	}
	if f.Type != ChoiceField {
		return
	}
	for _, v := range append(slices.Clone(c.In), c.Is) {
		known := v == "" || slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v })
		l.require(known, p, "unreachable", "没有“"+v+"”这个选项，条件永远不会成立", "there is no option "+v+": the condition never holds")
	}
}

// CheckOffices names the posts that nobody in an office tree could hold: their
// level, or their function, has no office there.
func (t *Template) CheckOffices(d *Directory) []FieldError { return t.checkPosts(d.hasOffice) }

// CheckLevels is CheckOffices for a tree of which only the divisions are known:
// whether there are offices of a function is left open.
func (t *Template) CheckLevels(d *Directory) []FieldError {
	return t.checkPosts(func(p Post) bool { return d.hasOffice(Post{Level: p.Level}) })
}

func (d *Directory) hasOffice(p Post) bool {
	return slices.ContainsFunc(d.Offices, func(o Office) bool {
		return d.LevelOf(o.ID) == p.Level && (p.Function == "" || p.Function == o.Function)
	})
}

// startable refuses an item of which no case could be completed: a step that
// every case comes to has a post without any office in the tree. It is offered
// as soon as there is one. Error: ErrState.
func (t *Template) startable(d *Directory) error {
	for i := range t.Chain {
		s := &t.Chain[i]
		if len(s.When) > 0 {
			continue
		}
		for _, p := range s.Posts() {
			if !d.hasOffice(p) {
				return &Error{Kind: ErrState, Text: Text{
					fmt.Sprintf("“%s”暂不受理：机构树中没有审批“%s”环节的单位（%s %s），请联系管理员设立", t.Name.ZH, s.Name.ZH, p.Level, p.Function),
					fmt.Sprintf("“%s” cannot be started yet: the office tree has no office for the step “%s” (%s %s); please ask an administrator to add one", t.Name.EN, s.Name.EN, p.Level, p.Function),
				}}
			}
		}
	}
	return nil
}

func (t *Template) checkPosts(staffed func(Post) bool) []FieldError {
	var faults []FieldError
	check := func(path string, p Post) {
		if !staffed(p) {
			faults = append(faults, FieldError{path, "no-office", Text{
				fmt.Sprintf("机构树中没有这样的单位（%s %s）", p.Level, p.Function),
				fmt.Sprintf("no such office in the tree (%s %s)", p.Level, p.Function),
			}})
		}
	}
	for i := range t.Chain {
		s, path := &t.Chain[i], fmt.Sprintf("chain[%d]", i)
		for j, p := range s.Posts() {
			at := path
			if len(s.Deciders) > 0 {
				at += fmt.Sprintf(".deciders[%d]", j)
			}
			check(at, p)
		}
		if s.TakeOver != nil {
			check(path+".take_over", s.Complete(*s.TakeOver))
		}
		for j, p := range s.Tell {
			check(fmt.Sprintf("%s.tell[%d]", path, j), s.Complete(p))
		}
	}
	return faults
}
