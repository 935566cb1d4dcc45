// Package openapitest holds an OpenAPI document against the server it describes, by a library that knows nothing of how the
// document was made.
package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/moxkit/mox/internal/problem"
)

// formular is a form, whose example stands as the text that is sent.
const formular = "application/x-www-form-urlencoded"

// Dokument is an OpenAPI document under test.
type Dokument struct {
	t    testing.TB
	spec *openapi3.T
	d    document
}

type document struct {
	Paths map[string]map[string]operation `json:"paths"`
}

type operation struct {
	OperationID string             `json:"operationId"`
	Parameters  []parameter        `json:"parameters"`
	RequestBody content            `json:"requestBody"`
	Responses   map[string]content `json:"responses"`
}

type parameter struct {
	Name, In string
	Example  any
}

type content struct {
	Content map[string]struct {
		Example json.RawMessage `json:"example"`
	} `json:"content"`
}

// Laes reads a document, which must be valid OpenAPI 3.1 with valid examples.
func Laes(t testing.TB, raa []byte) *Dokument {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(raa)
	if err != nil {
		t.Fatal(err)
	}
	if !spec.IsOpenAPI31OrLater() {
		t.Errorf("OpenAPI %s", spec.OpenAPI)
	}
	if err := spec.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	d := &Dokument{t: t, spec: spec}
	if err := json.Unmarshal(raa, &d.d); err != nil {
		t.Fatal(err)
	}
	return d
}

// ind is a call as the library validates it.
func (d *Dokument) ind(metode, sti string, op operation, r *http.Request) *openapi3filter.RequestValidationInput {
	item := d.spec.Paths.Value(sti)
	metode = strings.ToUpper(metode)
	navne := map[string]string{}
	for _, p := range op.Parameters {
		if p.In == "path" {
			navne[p.Name] = fmt.Sprint(p.Example)
		}
	}
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: navne, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		Route: &routers.Route{Spec: d.spec, Path: sti, PathItem: item, Method: metode, Operation: item.GetOperation(metode)}}
}

// Operationer are the document's operations, by their ids, sorted.
func (d *Dokument) Operationer() (ud []string) {
	for _, metoder := range d.d.Paths {
		for _, op := range metoder {
			ud = append(ud, op.OperationID)
		}
	}
	slices.Sort(ud)
	return ud
}

// Kald makes the call of an operation as its examples say, once for each form its body has, to the server at rod with the key.
// It checks that the call, the answer and the answer's example are of the document's form, and that it went well.
func (d *Dokument) Kald(rod, noegle, operationID string) {
	d.t.Helper()
	metode, sti, op := d.find(operationID)
	for _, k := range op.RequestBody.eksempler() {
		r := d.anmodning(metode, sti, op, rod, k)
		ind := d.ind(metode, sti, op, r)
		if k.type_ == "" || k.type_ != formular && openapi3filter.RegisteredBodyDecoder(k.type_) != nil { // else the library cannot read it; the server can
			if err := openapi3filter.ValidateRequest(d.t.Context(), ind); err != nil {
				d.t.Errorf("kaldet %s: %v", operationID, err)
			}
		}
		r = d.anmodning(metode, sti, op, rod, k) // its body has been read
		r.Header.Set("Authorization", "Bearer "+noegle)
		resp, svar := d.send(r)
		status := fmt.Sprint(resp.StatusCode)
		if _, ok := op.Responses[status]; !ok || resp.StatusCode >= 300 {
			d.t.Errorf("%s %s: %s, som ikke er et svar i dokumentet: %s", operationID, k.type_, status, svar)
		}
		d.svaret(operationID, ind, resp, svar)
		for _, c := range op.Responses[status].Content {
			d.sammeForm(operationID, c.Example, svar)
		}
	}
}

func (d *Dokument) send(r *http.Request) (*http.Response, []byte) {
	d.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	svar, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp, svar
}

// svaret checks an answer against the document.
func (d *Dokument) svaret(hvad string, ind *openapi3filter.RequestValidationInput, resp *http.Response, svar []byte) {
	d.t.Helper()
	err := openapi3filter.ValidateResponse(d.t.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: ind, Status: resp.StatusCode, Header: resp.Header,
		Body: io.NopCloser(bytes.NewReader(svar)), Options: ind.Options})
	if err != nil {
		d.t.Errorf("svaret på %s: %v", hvad, err)
	}
}

// Afvises makes the call of an operation with a body that no call has, and checks that the refusal is of the document's form.
func (d *Dokument) Afvises(rod, noegle, operationID string) {
	d.t.Helper()
	metode, sti, op := d.find(operationID)
	r := d.anmodning(metode, sti, op, rod, krop{"application/json", `{"findes_ikke": 1}`})
	r.URL.RawQuery += "&findes_ikke=1"
	r.Header.Set("Authorization", "Bearer "+noegle)
	resp, svar := d.send(r)
	if resp.StatusCode < 400 || resp.Header.Get("Content-Type") != problem.Type {
		d.t.Errorf("%s: %d %s", operationID, resp.StatusCode, svar)
	}
	d.svaret("et dårligt kald af "+operationID, d.ind(metode, sti, op, r), resp, svar)
}

func (d *Dokument) find(operationID string) (metode, sti string, op operation) {
	d.t.Helper()
	for sti, metoder := range d.d.Paths {
		for metode, op := range metoder {
			if op.OperationID == operationID {
				return metode, sti, op
			}
		}
	}
	d.t.Fatalf("%s står ikke i dokumentet", operationID)
	return "", "", op
}

// krop is a body and its type; both "" for none.
type krop struct{ type_, tekst string }

// eksempler are the body's examples, by type: JSON as it stands, what stands as a text as that. No body is one without.
func (c content) eksempler() (ud []krop) {
	for _, type_ := range slices.Sorted(maps.Keys(c.Content)) {
		raa := c.Content[type_].Example
		if raa == nil {
			continue
		}
		tekst := string(raa)
		if raa[0] == '"' && json.Unmarshal(raa, &tekst) != nil {
			continue
		}
		ud = append(ud, krop{type_, tekst})
	}
	if len(ud) == 0 {
		return []krop{{}}
	}
	return ud
}

func (d *Dokument) anmodning(metode, sti string, op operation, rod string, k krop) *http.Request {
	d.t.Helper()
	forespoergsel := "?"
	for _, p := range op.Parameters {
		switch {
		case p.Example == nil:
		case p.In == "path":
			sti = strings.ReplaceAll(sti, "{"+p.Name+"}", fmt.Sprint(p.Example))
		case p.In == "query":
			forespoergsel += fmt.Sprintf("%s=%v&", p.Name, p.Example)
		}
	}
	r, err := http.NewRequestWithContext(d.t.Context(), strings.ToUpper(metode), rod+sti+strings.TrimRight(forespoergsel, "?&"), strings.NewReader(k.tekst))
	if err != nil {
		d.t.Fatal(err)
	}
	if k.type_ != "" {
		r.Header.Set("Content-Type", k.type_)
	}
	return r
}

// sammeForm checks that an example has the fields that the server answers with. A list is held against the example's first.
func (d *Dokument) sammeForm(hvad string, eksempel json.RawMessage, svar []byte) {
	d.t.Helper()
	var v, h any
	if eksempel == nil || json.Unmarshal(eksempel, &v) != nil || json.Unmarshal(svar, &h) != nil {
		return // it is no JSON
	}
	if f := forskel("svaret", v, h); f != "" {
		d.t.Errorf("%s: %s: %s", hvad, f, svar)
	}
}

func forskel(sti string, eksempel, svar any) string {
	switch e := eksempel.(type) {
	case map[string]any:
		s, _ := svar.(map[string]any)
		if har, vil := slices.Sorted(maps.Keys(s)), slices.Sorted(maps.Keys(e)); !slices.Equal(har, vil) {
			return fmt.Sprintf("%s har %v, eksemplet %v", sti, har, vil)
		}
		for navn := range e {
			if f := forskel(sti+"."+navn, e[navn], s[navn]); f != "" {
				return f
			}
		}
	case []any:
		s, ok := svar.([]any)
		if !ok || len(s) == 0 && len(e) > 0 {
			return sti + " er tom"
		}
		if len(e) > 0 {
			return forskel(sti+"[0]", e[0], s[0])
		}
	}
	return ""
}
