package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yinzheng"
)

// operation is one endpoint of the API: what it is called, what it takes and
// gives, and what it does. huma writes the OpenAPI document from it and routes
// to it; reading and checking a request is done here, so that every fault names
// its field in the words and the language that the domain uses.
type operation struct {
	method, path string
	id, summary  string
	tag          string
	public       bool // no sign-in
	ifMatch      bool // needs the version of the case, or of the account, that the caller has seen
	idempotent   bool // needs an idempotency key
	queries      []*huma.Param
	takes, gives reflect.Type // nil: no body
	form         []formField  // a form that it takes, instead of or besides takes
	media        []string     // what it gives instead of JSON
	status       int          // when all is well; 0: 200, or 204 without a body
	do           func(*call) (any, error)
}

// formField is one field of a form.
type formField struct {
	name, description string
	required          bool
}

// call is one request to an operation.
type call struct {
	*http.Request
	w      http.ResponseWriter
	by     *yinzheng.Account // nil for a public operation
	secret string            // of the session
	seen   int               // the version in If-Match
	status int
}

// file is an answer that is not JSON.
type file struct {
	media string
	name  string // offered as a download under this name, unless empty
	bytes []byte
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// withBody reads the JSON body before it calls do.
func withBody[T any, P interface {
	*T
	body
}](do func(*call, *T) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if mediaType(c.Request) != "application/json" {
			return nil, wrongMediaType("application/json")
		}
		data, err := readBody(c.w, c.Request, maxBody, make([]byte, 0, 4096))
		if err != nil {
			return nil, err
		}
		var in T
		if err := decode(data, P(&in)); err != nil {
			return nil, err
		}
		return do(c, &in)
	}
}

// api registers every operation and returns the OpenAPI document.
func (s *server) api() ([]byte, error) {
	config := huma.Config{OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "印证 Yinzheng", Version: s.Version, Description: "证明的办理、签发与核验。出错时返回 RFC 9457 problem，detail 的语言依 Accept-Language。\n\n" +
			"Handling, issuing and verifying certificates. Errors are RFC 9457 problems; detail is in the language of Accept-Language."},
		Servers: []*huma.Server{{URL: s.Service.PublicURL}},
		Components: &huma.Components{
			Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{"session": {Type: "http", Scheme: "bearer", Description: "token of POST /api/v1/sessions"}},
		},
	}, Formats: map[string]huma.Format{"application/json": huma.DefaultJSONFormat}, DefaultFormat: "application/json"}
	api := humago.New(s.mux, config)
	for _, ops := range [][]operation{
		s.sessionOperations(), s.itemOperations(), s.catalogueOperations(), s.applicationOperations(),
		s.decisionOperations(), s.attachmentOperations(), s.materialOperations(), s.certificateOperations(),
		s.lifeOperations(), s.paperOperations(), s.issuingOperations(), s.sampleOperations(), s.noticeOperations(),
		s.peopleOperations(), s.officeOperations(), s.recordOperations(), s.registerOperations(),
		s.inquiryOperations(), s.inquiryListOperations(), s.inquiryRuleOperations(), s.campaignOperations(), s.ratingOperations(),
		s.requestOperations(), s.importOperations(), s.keyOperations(), s.templateOperations(),
	} {
		for i := range ops {
			s.register(api, &ops[i])
		}
	}
	s.describeVerify(api.OpenAPI())
	return json.Marshal(api.OpenAPI())
}

func (s *server) register(api huma.API, op *operation) {
	doc := op.describe(api.OpenAPI().Components.Schemas)
	api.OpenAPI().AddOperation(doc)
	api.Adapter().Handle(doc, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		s.serve(op, w, r)
	})
}

func (s *server) serve(op *operation, w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, w: w, status: op.status}
	out, err := s.run(op, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	switch out := out.(type) {
	case nil:
		w.WriteHeader(http.StatusNoContent)
	case *file:
		if out.name != "" {
			w.Header().Set("Content-Disposition", `attachment; filename="`+out.name+`"`)
		}
		writeBody(w, http.StatusOK, out.media, out.bytes)
	default:
		body, err := json.Marshal(out)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if c.status == 0 {
			c.status = http.StatusOK
		}
		writeBody(w, c.status, "application/json", body)
	}
}

// run checks who calls and against which version before a body is read.
func (s *server) run(op *operation, c *call) (any, error) {
	var err error
	if !op.public {
		if c.by, c.secret, err = s.authenticate(c.Request); err != nil {
			return nil, err
		}
	}
	if op.ifMatch {
		if c.seen, err = ifMatch(c.Header); err != nil {
			return nil, err
		}
	}
	return op.do(c)
}

func (s *server) authenticate(r *http.Request) (*yinzheng.Account, string, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return nil, "", &fault{status: http.StatusUnauthorized, kind: "unauthorized", text: yinzheng.Text{
			ZH: "请先用 POST /api/v1/sessions 登录，再以 Authorization: Bearer 发送所得的 token",
			EN: "Please sign in with POST /api/v1/sessions and send its token as Authorization: Bearer",
		}}
	}
	a, err := s.Service.Authenticate(r.Context(), secret)
	return a, secret, err
}

// ifMatch reads the version that the caller has seen: If-Match: "3".
func ifMatch(h http.Header) (int, error) {
	values := h.Values("If-Match")
	if len(values) == 0 {
		return 0, fieldFaultOf(http.StatusPreconditionRequired, "precondition-required", "If-Match", "required",
			`请在 If-Match 中给出您看到的版本号，例如 If-Match: "3"`, `Please give the version you have seen, such as If-Match: "3"`)
	}
	text, quoted := strings.CutPrefix(values[0], `"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseUint(text, 10, 31)
	if len(values) > 1 || !quoted || !closed || err != nil || n == 0 || text != strconv.FormatUint(n, 10) {
		return 0, fieldFaultOf(http.StatusBadRequest, "malformed", "If-Match", "version",
			`If-Match 应为带双引号的版本号，例如 "3"`, `If-Match is a version in double quotes, such as "3"`)
	}
	return int(n), nil
}

func queryParam(name, typ, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: typ}}
}

func headerParam(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Required: true, Description: description, Schema: &huma.Schema{Type: "string"}}
}

// describe writes the operation's part of the OpenAPI document.
func (op *operation) describe(registry huma.Registry) *huma.Operation {
	d := &huma.Operation{Method: op.method, Path: op.path, OperationID: op.id, Summary: op.summary, Tags: []string{op.tag}, Responses: map[string]*huma.Response{}}
	for part := range strings.SplitSeq(op.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			d.Parameters = append(d.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
		}
	}
	d.Parameters = append(d.Parameters, op.queries...)
	if op.ifMatch {
		d.Parameters = append(d.Parameters, headerParam("If-Match", `the version you have seen, in double quotes: "3"; 412 when it is stale`))
	}
	if op.idempotent {
		d.Parameters = append(d.Parameters, headerParam("Idempotency-Key", "1 to 200 characters of your own; sent again it gives what the first one made"))
	}
	if !op.public {
		d.Security = []map[string][]string{{"session": {}}}
	}
	if op.takes != nil || op.form != nil {
		d.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	}
	if op.takes != nil {
		d.RequestBody.Content["application/json"] = &huma.MediaType{Schema: registry.Schema(op.takes, true, op.id)}
	}
	if op.form != nil {
		d.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: op.formSchema()}
	}
	d.Responses[op.okStatus()] = op.response(registry)
	d.Responses["default"] = &huma.Response{Description: "RFC 9457 problem", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: registry.Schema(typeOf[problem](), true, "Problem")}}}
	return d
}

func (op *operation) formSchema() *huma.Schema {
	s := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}}
	for _, f := range op.form {
		p := &huma.Schema{Type: "string", Description: f.description}
		if f.name == "file" {
			p.Format = "binary"
		}
		s.Properties[f.name] = p
		if f.required {
			s.Required = append(s.Required, f.name)
		}
	}
	return s
}

func (op *operation) okStatus() string {
	switch {
	case op.status != 0:
		return strconv.Itoa(op.status)
	case op.gives == nil && op.media == nil:
		return "204"
	}
	return "200"
}

func (op *operation) response(registry huma.Registry) *huma.Response {
	r := &huma.Response{Description: "OK"}
	for _, m := range op.media {
		if r.Content == nil {
			r.Content = map[string]*huma.MediaType{}
		}
		r.Content[m] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	if op.gives != nil {
		r.Content = map[string]*huma.MediaType{"application/json": {Schema: registry.Schema(op.gives, true, op.id)}}
	}
	return r
}

// describeVerify documents the one endpoint that huma does not route.
func (s *server) describeVerify(doc *huma.OpenAPI) {
	op := &operation{
		method: http.MethodPost, path: "/api/v1/verify", id: "verify", tag: "verification", public: true,
		summary: "核验：给出 token、url、code、number（可附 name）或文件之一 · Verify exactly one of token, url, code, number (with name) or a file",
		takes:   typeOf[yinzheng.Question](), gives: typeOf[yinzheng.Answer](),
		form: []formField{{"file", "a PDF, the scan of a certificate on paper, or a picture (JPEG, PNG, WebP) of QR codes, of at most 20 MB; of several codes the weightiest verdict comes first and the rest in others", true}},
	}
	d := op.describe(doc.Components.Schemas)
	d.Security = []map[string][]string{{}, {"session": {}}} // a department that signs in is named to whom the certificate is about, and not held to what its network may ask for in vain
	doc.AddOperation(d)
}
