package esdh

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOpenCase(t *testing.T) {
	c := start(t, Options{})
	status, body := c.do(c.request("POST", "/api/v2/cases", `{"title":"Carport","kle":"02.34.02","ourReference":"2026-01234","revision":1,
		"applicant":{"cpr":"3299000017"}}`))
	want := `{"id":1,"caseNumber":"BYG-2026-00001","ourReference":"2026-01234","revision":1,"openedAt":"02.07.2026 12:04",` +
		`"title":"Carport","kle":"02.34.02","status":"open"}`
	if status != 201 || string(body) != want {
		t.Fatalf("%d %s", status, body)
	}
	status, body = c.do(c.request("GET", "/api/v2/cases/1", ""))
	if status != 200 || string(body) != want {
		t.Fatalf("%d %s", status, body)
	}
	status, body = c.do(c.request("GET", "/api/v2/cases?ourReference=2026-01234", ""))
	if status != 200 || string(body) != `{"items":[`+want+`]}` {
		t.Fatalf("%d %s", status, body)
	}
	status, body = c.do(c.request("GET", "/api/v2/cases?ourReference=other", ""))
	if status != 200 || string(body) != `{"items":[]}` {
		t.Fatalf("%d %s", status, body)
	}
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001")
	var at string
	if err := c.s.db.QueryRow(`SELECT at FROM journallog`).Scan(&at); err != nil || at != "02.07.2026 12:04:00" {
		t.Errorf("%q, %v", at, err)
	}
}

func TestCaseNumbersBeginAgainEachYear(t *testing.T) {
	c := start(t, Options{TokenLife: 9999 * time.Hour})
	for i, want := range []string{"BYG-2026-00001", "BYG-2026-00002", "BYG-2027-00001"} {
		if i == 2 {
			c.clock.advance(365 * 24 * time.Hour)
		}
		if got := call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase()); got.CaseNumber != want {
			t.Errorf("%s, want %s", got.CaseNumber, want)
		}
	}
}

func TestCaseRefusals(t *testing.T) {
	c := start(t, Options{})
	for name, tt := range map[string]struct {
		status     int
		code, body string
	}{
		"no json":         {400, codeMalformed, `{`},
		"empty":           {400, codeMalformed, ``},
		"trailing":        {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r","revision":1} {}`},
		"unknown field":   {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r","revision":1,"x":1}`},
		"no title":        {400, codeMalformed, `{"kle":"02.34.02","ourReference":"r","revision":1}`},
		"no kle":          {400, codeMalformed, `{"title":"a","ourReference":"r","revision":1}`},
		"no reference":    {400, codeMalformed, `{"title":"a","kle":"02.34.02","revision":1}`},
		"no revision":     {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r"}`},
		"text revision":   {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r","revision":"1"}`},
		"unknown status":  {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r","revision":1,"status":"gone"}`},
		"cpr with a dash": {400, codeMalformed, `{"title":"a","kle":"02.34.02","ourReference":"r","revision":1,"applicant":{"cpr":"329900-0017"}}`},
		"unknown kle":     {422, codeUnknownKLE, `{"title":"a","kle":"99.99.99","ourReference":"r","revision":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := c.do(c.request("POST", "/api/v2/cases", tt.body))
			if status != tt.status || !strings.Contains(string(body), `"code":"`+tt.code+`"`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	c.refused(404, codeNotFound, "GET", "/api/v2/cases/1", nil)
	c.refused(404, codeNotFound, "GET", "/api/v2/cases/x", nil)
	c.refused(404, codeNotFound, "PUT", "/api/v2/cases/1", aCase())
	c.refused(400, codeMalformed, "GET", "/api/v2/cases", nil)
	c.wantLog()
}

func TestIdempotencyKey(t *testing.T) {
	c := start(t, Options{})
	unknown := aCase()
	unknown.KLE = "00.00.00"
	c.refused(422, codeUnknownKLE, "POST", "/api/v2/cases", unknown, "Idempotency-Key", "k")

	first := call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase(), "Idempotency-Key", "k")
	corrected := aCase()
	corrected.Revision, corrected.Title = 2, "Rettet"
	call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", corrected)
	again := call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase(), "Idempotency-Key", "k")
	if again != first {
		t.Errorf("%+v, want %+v", again, first)
	}
	c.refused(422, codeKeyReused, "POST", "/api/v2/cases", corrected, "Idempotency-Key", "k")
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase(), "Idempotency-Key", "other")
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", aCase())
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001", "case.revise 2026-01234 2 BYG-2026-00001",
		"case.open 2026-01234 1 BYG-2026-00002", "case.open 2026-01234 1 BYG-2026-00003", "case.open 2026-01234 1 BYG-2026-00004")
}

func TestIdempotencyKeyConcurrently(t *testing.T) {
	c := start(t, Options{})
	body, err := json.Marshal(aCase())
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]string, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			status, answer := c.do(c.request("POST", "/api/v2/cases", string(body), "Idempotency-Key", "k"))
			answers[i] = fmt.Sprint(status, " ", string(answer))
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.HasPrefix(a, "201 ") {
			t.Errorf("%s, want %s", a, answers[0])
		}
	}
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001")
}

func TestReviseCase(t *testing.T) {
	c := start(t, Options{})
	b := aCase()
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", b)
	opened := "case.open 2026-01234 1 BYG-2026-00001"

	call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b)
	c.wantLog(opened) // identical: nothing to correct

	b.Revision, b.Title, b.Status = 3, "Garage", "decided"
	for range 2 {
		if got := call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b); got.Revision != 3 || got.Title != "Garage" || got.Status != "decided" {
			t.Errorf("%+v", got)
		}
	}
	c.wantLog(opened, "case.revise 2026-01234 3 BYG-2026-00001")

	old := b
	old.Revision = 2
	c.refused(409, codeOldRevision, "PUT", "/api/v2/cases/1", old)
	unknown := b
	unknown.Revision, unknown.KLE = 4, "00.00.00"
	c.refused(422, codeUnknownKLE, "PUT", "/api/v2/cases/1", unknown)
	other := b
	other.Revision, other.OurReference = 4, "2026-09999"
	c.refused(409, codeWrongReference, "PUT", "/api/v2/cases/1", other)

	b.Description = "Samme revision, andet indhold"
	call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b)
	c.wantLog(opened, "case.revise 2026-01234 3 BYG-2026-00001", "case.revise 2026-01234 3 BYG-2026-00001")
}

func TestWithdrawnCaseCloses(t *testing.T) {
	c := start(t, Options{})
	b := aCase()
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", b)
	b.Revision, b.Status = 2, "withdrawn"
	for range 2 { // the very revision that closed it is fine once more
		if got := call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b); got.Status != "withdrawn" {
			t.Errorf("%+v", got)
		}
	}
	c.wantLog("case.open 2026-01234 1 BYG-2026-00001", "case.revise 2026-01234 2 BYG-2026-00001")
	b.Revision = 3
	c.refused(409, codeCaseClosed, "PUT", "/api/v2/cases/1", b)
	call[documentAnswer](c, 201, "POST", "/api/v2/cases/1/documents", aDocument())
	if got, err := c.s.Stats(t.Context()); err != nil || got != (Stats{Cases: 1, Closed: 1, Documents: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCaseWorkerCloses(t *testing.T) {
	c := start(t, Options{CloseAfterOpen: func(ref string) bool { return ref == "2026-01234" }})
	b := aCase()
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", b, "Idempotency-Key", "k")
	call[caseAnswer](c, 201, "POST", "/api/v2/cases", b, "Idempotency-Key", "k")
	call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b)
	b.Revision = 2
	c.refused(409, codeCaseClosed, "PUT", "/api/v2/cases/1", b)
	c.refused(409, codeCaseClosed, "POST", "/api/v2/cases/1/documents", aDocument())
	if status, body := c.do(c.request("POST", "/internal/cases/1/reopen", "")); status != 303 {
		t.Fatalf("%d %s", status, body)
	}
	call[caseAnswer](c, 200, "PUT", "/api/v2/cases/1", b)
	call[documentAnswer](c, 201, "POST", "/api/v2/cases/1/documents", aDocument())
}
