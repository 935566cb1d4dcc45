package esdh

import (
	"encoding/base64"
	"fmt"
	"testing"
)

func aDocument() documentBody {
	return documentBody{
		Title: "Ansøgning", Type: "application", Direction: "in", LetterDate: "01.07.2026", FileName: "ansøgning.txt",
		ContentType: "text/plain; charset=utf-8", Content: []byte("Blåbærgrød"), OurReference: "D-000123", Revision: 1,
		Recipient: person{"3299000025"},
	}
}

func TestFileDocument(t *testing.T) {
	c := start(t, Options{})
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	content := base64.StdEncoding.EncodeToString([]byte("Blåbærgrød"))
	body := `{"title":"Ansøgning","type":"application","direction":"in","letterDate":"01.07.2026","fileName":"a.txt",` +
		`"contentType":"text/plain","contentBase64":"` + content + `","ourReference":"D-000123","revision":1,"recipient":{"cpr":"3299000025"}}`
	status, got := c.do(c.request("POST", "/api/v2/cases/1/documents", body))
	answer := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"documentNumber":"BYG-2026-00001-%03d","caseId":1,"caseNumber":"BYG-2026-00001",`+
			`"ourReference":"D-000123","revision":1,"sha256":"%s","registeredAt":"02.07.2026 12:04","title":"Ansøgning"}`,
			id, id, hexSHA256([]byte("Blåbærgrød")))
	}
	if status != 201 || string(got) != answer(1) {
		t.Fatalf("%d %s", status, got)
	}
	// Once more is one more.
	if status, got := c.do(c.request("POST", "/api/v2/cases/1/documents", body, "Idempotency-Key", "k")); status != 201 || string(got) != answer(2) {
		t.Fatalf("%d %s", status, got)
	}
	for _, query := range []string{"ourReference=D-000123&revision=1", "ourReference=D-000123"} {
		if status, got := c.do(c.request("GET", "/api/v2/documents?"+query, "")); status != 200 || string(got) != `{"items":[`+answer(1)+`,`+answer(2)+`]}` {
			t.Errorf("%s: %d %s", query, status, got)
		}
	}
	for _, query := range []string{"ourReference=D-000123&revision=2", "ourReference=D-1&revision=1"} {
		if status, got := c.do(c.request("GET", "/api/v2/documents?"+query, "")); status != 200 || string(got) != `{"items":[]}` {
			t.Errorf("%s: %d %s", query, status, got)
		}
	}
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001", "document.file D-000123 1 BYG-2026-00001", "document.file D-000123 1 BYG-2026-00001")
}

func TestReviseDocument(t *testing.T) {
	c := start(t, Options{})
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	b := aDocument()
	first := call[documentAnswer](c, 201, "POST", "/api/v2/cases/1/documents", b)
	if got := call[documentAnswer](c, 200, "PUT", "/api/v2/documents/1", b); got != first {
		t.Errorf("%+v, want %+v", got, first)
	}
	b.Revision, b.Content = 2, []byte("Ny udgave")
	for range 2 {
		got := call[documentAnswer](c, 200, "PUT", "/api/v2/documents/1", b)
		if got.ID != 1 || got.DocumentNumber != first.DocumentNumber || got.Revision != 2 || got.SHA256 != hexSHA256(b.Content) {
			t.Errorf("%+v", got)
		}
	}
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001", "document.file D-000123 1 BYG-2026-00001", "document.revise D-000123 2 BYG-2026-00001")

	found := call[list[documentAnswer]](c, 200, "GET", "/api/v2/documents?ourReference=D-000123&revision=1", nil)
	if len(found.Items) != 1 || found.Items[0] != first {
		t.Errorf("%+v", found)
	}
	if found = call[list[documentAnswer]](c, 200, "GET", "/api/v2/documents?ourReference=D-000123", nil); len(found.Items) != 2 || found.Items[1].Revision != 2 {
		t.Errorf("%+v", found)
	}
	if got, err := c.s.Stats(t.Context()); err != nil || got.Documents != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	c.refused(409, codeOldRevision, "PUT", "/api/v2/documents/1", aDocument())
	b.OurReference = "D-000999"
	c.refused(409, codeWrongReference, "PUT", "/api/v2/documents/1", b)
	c.refused(404, codeNotFound, "PUT", "/api/v2/documents/9", b)
}

func TestDocumentsOfClosedCase(t *testing.T) {
	c := start(t, Options{})
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	b := aDocument()
	call[documentAnswer](c, 201, "POST", "/api/v2/cases/1/documents", b)
	if _, err := c.s.db.Exec(`UPDATE cases SET closed_by = ?`, closedByWorker); err != nil {
		t.Fatal(err)
	}
	call[documentAnswer](c, 200, "PUT", "/api/v2/documents/1", b) // in place already
	b.Revision = 2
	c.refused(409, codeCaseClosed, "PUT", "/api/v2/documents/1", b)
	c.refused(409, codeCaseClosed, "POST", "/api/v2/cases/1/documents", b)
}

func TestContent(t *testing.T) {
	c := start(t, Options{})
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	call[documentAnswer](c, 201, "POST", "/api/v2/cases/1/documents", aDocument())
	resp, body := c.response(c.request("GET", "/api/v2/documents/1/content", ""))
	if resp.StatusCode != 200 || string(body) != "Blåbærgrød" || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" ||
		resp.Header.Get("Content-Disposition") != "attachment; filename*=utf-8''ans%C3%B8gning.txt" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	c.refused(404, codeNotFound, "GET", "/api/v2/documents/2/content", nil)
	c.refused(404, codeNotFound, "GET", "/api/v2/documents/x/content", nil)
}

func TestDocumentRefusals(t *testing.T) {
	c := start(t, Options{})
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	for name, change := range map[string]func(*documentBody){
		"no content":      func(b *documentBody) { b.Content = nil },
		"no reference":    func(b *documentBody) { b.OurReference = "" },
		"no revision":     func(b *documentBody) { b.Revision = 0 },
		"wrong direction": func(b *documentBody) { b.Direction = "up" },
		"wrong date":      func(b *documentBody) { b.LetterDate = "2026-07-01" },
		"wrong type":      func(b *documentBody) { b.ContentType = "a b" },
		"wrong cpr":       func(b *documentBody) { b.Recipient.CPR = "123" },
	} {
		t.Run(name, func(t *testing.T) {
			b := aDocument()
			change(&b)
			c.refused(400, codeMalformed, "POST", "/api/v2/cases/1/documents", b)
			c.refused(400, codeMalformed, "PUT", "/api/v2/documents/1", b)
		})
	}
	c.refused(400, codeMalformed, "POST", "/api/v2/cases/1/documents", map[string]any{"contentBase64": "###", "ourReference": "D-1", "revision": 1})
	c.refused(400, codeMalformed, "POST", "/api/v2/cases/1/documents", map[string]any{"colour": "red"})
	c.refused(404, codeNotFound, "POST", "/api/v2/cases/9/documents", aDocument())
	c.refused(404, codeNotFound, "POST", "/api/v2/cases/x/documents", aDocument())
	c.refused(404, codeNotFound, "PUT", "/api/v2/documents/x", aDocument())
	c.refused(400, codeMalformed, "GET", "/api/v2/documents", nil)
	c.refused(400, codeMalformed, "GET", "/api/v2/documents?ourReference=D-1&revision=x", nil)
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001")
}
