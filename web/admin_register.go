package web

import (
	"net/http"
	"time"

	"yinzheng"
	"yinzheng/register"
)

// registerView is what was imported, the form of the next import and its report.
type registerView struct {
	*importForm
	Offices  []officeGroup
	Imports  []importLine
	Planned  *yinzheng.PlannedImport
	Possible bool // the report is of a file that can be imported and changes something
}

// importLine is one import with the name of who did it.
type importLine struct {
	*yinzheng.PersonImport
	Name string
}

func (s *server) registerPage(v *visit) error {
	return s.drawRegister(v, http.StatusOK, &importForm{AsOf: s.Service.Now().In(yinzheng.Zone).Format(time.DateOnly), Office: s.ownOffice(v.by)})
}

func (s *server) drawRegister(v *visit, status int, f *importForm) error {
	list, err := s.Service.PersonImports(v.Context(), v.by)
	if err != nil {
		return err
	}
	view := &registerView{importForm: f, Offices: s.administered(v.by)}
	for _, m := range list {
		view.Imports = append(view.Imports, importLine{m, s.calledPerson(v, m.By)})
	}
	return s.draw(v, status, "admin-register", yinzheng.Text{ZH: "人员登记", EN: "Register of persons"}, view)
}

// registerForm tries a register, or imports what was shown of the same file.
func (s *server) registerForm(v *visit) error {
	if err := s.Service.MayOperate(v.by); err != nil { // before a large file is read
		return err
	}
	return s.importing(v, []string{"register", "as_of", "office"}, s.drawRegister, func(f *importForm) error {
		m, err := s.Service.BeginImport(v.by, f.Office, f.Register, f.AsOf, f.file)
		if err != nil {
			return err
		}
		p, err := register.Plan(v.Context(), s.Service.Store, s.Service.Directory(), m, f.file)
		if err != nil {
			return err
		}
		if err := s.Service.ImportPersons(v.Context(), v.by, p, !f.Decides); err != nil {
			return err
		}
		if f.Decides {
			return v.see("/work/admin/register", "imported")
		}
		view := &registerView{importForm: f, Planned: p, Possible: p.Refused == 0 && p.New+p.Changed > 0}
		return s.draw(v, http.StatusOK, "admin-register-report", yinzheng.Text{ZH: "将会变成这样", EN: "What would change"}, view)
	})
}
