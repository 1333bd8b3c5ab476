package store

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	"yinzheng"
)

// Why what is personal stays, or when it goes by itself. What docs/privacy.md says of these
// is for officials; a column that nobody has classified fails the test.
const (
	plain       = "nothing about a person"
	staff       = "who works here: what was done is told with who did it"
	certificate = "certificates stay, and so does what finds them"
	ofCase      = "content of a case: drafts, withdrawn, rejected; of one with a certificate it stays with that"
	ofRegister  = "the register of persons: its office keeps it"
	byItself    = "goes by itself within days"
	byOffice    = "who verified is not told, only the office of a department"
)

// stays says of every column why what it holds stays, or by which rule it goes.
var stays = map[string]map[string]string{
	"accounts":                {plain: "id disabled version", staff: "username name person_type person_number person_reason password"},
	"actions":                 {plain: "application seq at kind account office role step to_step code post due reason office_name material file_type file_size width height pages signed_by detached stays", staff: "name person_type person_number person_reason for_account for_name for_type for_number", ofCase: "opinion input against refers text_digest", yinzheng.RetainFiles: "file_name digest original witness_name witness_type witness_number"},
	"applications":            {plain: "key id item template_version state version changed_at office division village town district city province step step_key step_name_zh step_name_en step_level step_role code due_at incomplete retained", ofCase: "holder applicant field_values"},
	"batch_rows":              {plain: "batch line outcome application", yinzheng.RetainImports: "content alike why_zh why_en"},
	"batches":                 {plain: "key id version state item template office account at submit digest rows report why_zh why_en changed_at erased"},
	"calendar":                {plain: "date working name"},
	"campaign_acts":           {plain: "campaign entry seq at account kind", yinzheng.RetainRosters: "content"},
	"campaign_entries":        {plain: "campaign number division outcome follow_up application tried version", yinzheng.RetainRosters: "mark content"},
	"campaigns":               {plain: "key id item office division running version content erased"},
	"case_codes":              {plain: "application way expires_at wrong", byItself: "hash"},
	"case_holds":              {plain: "application reason until account at"},
	"case_residents":          {plain: "application", ofCase: "document"},
	"catalogue_acts":          {plain: "seq at account change kind content"},
	"certificate_pdfs":        {plain: "certificate", certificate: "pdf"},
	"certificates":            {plain: "key code number application item template_version short organ organ_name division issued_at expires_at salt list list_index lease token_kid document_kid digest pages status status_at reason successor", certificate: "masked_name masked_id holder commitment token"},
	"code_tries":              {plain: "since tries", byItself: "application"},
	"commitment_rights":       {plain: "key at ended account application action reason", yinzheng.RetainRights: "document"},
	"contact_proofs":          {plain: "channel language wants hash expires_at wrong", byItself: "resident address"},
	"contacts":                {plain: "channel language wants account at", yinzheng.RetainContacts: "resident address secret"},
	"copies":                  {plain: "key id certificate at account office copies", staff: "name", yinzheng.RetainCopies: "collector collector_type collector_number collector_reason purpose"},
	"delegations":             {plain: "id office role begins ends", staff: "from_account to_account"},
	"design_acts":             {plain: "key design seq at account for_whom kind opinion digest"},
	"designs":                 {plain: "key id item version stage is_open text authors at account"},
	"directory":               {plain: "one tag"},
	"divisions":               {plain: "code name parent level closed_at successor"},
	"events":                  {plain: "key at kind subject account detail"},
	"faces":                   {plain: "key digest name added_at account"},
	"fading_drafts":           {plain: "application version at"},
	"files":                   {plain: "key", yinzheng.RetainFiles: "digest content"},
	"grants":                  {plain: "position office role valid_from valid_to", staff: "account"},
	"inbox":                   {plain: "office role changed_at application due_at"},
	"inquiries":               {plain: "key id list row kind state asker role account office signer at due late erased"},
	"inquiry_acts":            {plain: "subject seq at account kind", yinzheng.RetainInquiries: "content"},
	"inquiry_lists":           {plain: "key id kind state asker role account at rows worked erased"},
	"inquiry_replies":         {plain: "id at", yinzheng.RetainInquiries: "token salt"},
	"inquiry_roll_entries":    {plain: "roll", yinzheng.RetainRolls: "document name"},
	"inquiry_rolls":           {plain: "key id kind at account office title as_of digest rows erased"},
	"inquiry_rows":            {plain: "list row answer found as_of inquiry", yinzheng.RetainLists: "content source"},
	"inspections":             {plain: "key application material office due_at done_at"},
	"keys":                    {plain: "kid purpose organ organ_name items not_before not_after state since alg public chain"},
	"log":                     {plain: "seq at kind subject part salt digest hash"},
	"made_templates":          {plain: "seq item version text design at account"},
	"marks":                   {plain: "application known office village town district city province", ofCase: "document facts name holder stem number"},
	"message_requests":        {plain: "key at", byItself: "mark"},
	"messages":                {plain: "key id channel kind language about at expires_at state version tries due_at lease_until done_at reason", byItself: "recipient subject body stop", yinzheng.RetainMessages: "masked"},
	"missing_character_cases": {plain: "character application"},
	"missing_characters":      {plain: "key code_point item office opened_at closed_at"},
	"notices":                 {plain: "id at office role kind application step about"},
	"offices":                 {plain: "id name division organ function closed_at successor"},
	"opened":                  {plain: "session application version"},
	"organs":                  {plain: "code name mark valid_from valid_to successor"},
	"papers":                  {plain: "key code number number_key item short organ organ_name issued_on recorded_at account office voided_at voided_by original scan_type", certificate: "masked_name masked_id holder scan note void_note"},
	"person_imports":          {plain: "key id at account office division register as_of digest rows_read rows_new rows_changed rows_same"},
	"person_keys":             {plain: "kind person", ofRegister: "value"},
	"persons":                 {plain: "key id version", ofRegister: "content"},
	"places":                  {plain: "division village town district city province"},
	"rating_acts":             {plain: "application seq at account kind", yinzheng.RetainRatings: "content"},
	"ratings":                 {plain: "key application item office at level state due next version erased", byItself: "contact"},
	"reorganisations":         {plain: "key id effective_at planned_at account content applied_at moved_at cancelled_at"},
	"replacements":            {plain: "key certificate application"},
	"request_files":           {plain: "request digest"},
	"requests":                {plain: "account key made at", byItself: "digest"},
	"resident_requests":       {plain: "key id version state item template_version office begun_at changed_at due_at late unanswered application", yinzheng.RetainRequests: "resident code content"},
	"resident_sessions":       {plain: "hash opened_at used_at expires_at", byItself: "resident who"},
	"revocations":             {plain: "key certificate proposal organ proposed_at decided_at"},
	"samples":                 {plain: "application made_at"},
	"schema_version":          {plain: "version name"},
	"sessions":                {plain: "hash expires_at", byItself: "account"},
	"share_openings":          {plain: "key share at what"},
	"shares":                  {plain: "key hash code once made_at expires_at withdrawn_at", yinzheng.RetainShares: "note"},
	"status_lists":            {plain: "number taken"},
	"templates":               {plain: "item version digest published_at"},
	"told":                    {plain: "account notice"},
	"verifications":           {plain: "key code minute channel", byOffice: "office count"},
}

// TestEveryColumnClassified: nobody adds a column without saying what becomes of what it
// holds, and what is said of the personal ones stands in docs/privacy.md.
func TestEveryColumnClassified(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	columns := map[string][]string{}
	check(t, each(t.Context(), s.writer.conn, func(r *sql.Rows) error {
		var table, column string
		err := r.Scan(&table, &column)
		columns[table] = append(columns[table], column)
		return err
	}, "SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid"))
	page, err := os.ReadFile("../docs/privacy.md")
	check(t, err)
	for table, classes := range stays {
		var named []string
		for class, list := range classes {
			named = append(named, strings.Fields(list)...)
			if class != plain && !strings.Contains(string(page), "`"+table+"`") {
				t.Errorf("docs/privacy.md does not say what becomes of table %s", table)
			}
		}
		for _, column := range columns[table] {
			i := slices.Index(named, column)
			if i < 0 {
				t.Errorf("%s.%s: say here, and in docs/privacy.md, what becomes of it", table, column)
				continue
			}
			named = slices.Delete(named, i, i+1)
		}
		if len(named) > 0 {
			t.Errorf("%s has no (or twice) %v", table, named)
		}
	}
	for table := range columns {
		if stays[table] == nil {
			t.Errorf("table %s: say here, and in docs/privacy.md, what becomes of it", table)
		}
	}
}

// TestRulesOfColumns: every rule of what is kept beside cases takes something, and docs
// name it with its term.
func TestRulesOfColumns(t *testing.T) {
	page, err := os.ReadFile("../docs/privacy.md")
	check(t, err)
	used := map[string]bool{}
	for _, classes := range stays {
		for class := range classes {
			used[class] = true
		}
	}
	for rule := range terms {
		r := yinzheng.RetentionRuleOf(rule)
		if !used[rule] || r == nil {
			t.Errorf("rule %s takes nothing", rule)
		} else if !strings.Contains(string(page), "| `"+rule+"` |") || !strings.Contains(string(page), "| "+r.Term().ZH+" |") {
			t.Errorf("docs/privacy.md does not name rule %s with its term, %s", rule, r.Term().ZH)
		}
	}
}
