package rest_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/conformance"
)

// formular is a multipart form: the JSON, and files by field.
func (h *hus) formular(metode, sti, krop string, filer map[string]string) svar {
	h.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for navn, indhold := range filer {
		f, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + navn + `"; filename="fil.bin"`}})
		if err == nil {
			_, err = io.WriteString(f, indhold)
		}
		if err != nil {
			h.Fatal(err)
		}
	}
	if err := w.WriteField("json", krop); err != nil {
		h.Fatal(err)
	}
	if err := w.Close(); err != nil {
		h.Fatal(err)
	}
	return h.kald(metode, sti, b.String(), "Content-Type: "+w.FormDataContentType())
}

// hent reads a document.
func (h *hus) hent(sti string, headers ...string) (int, http.Header, string) {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), "GET", h.http.URL+sti, nil)
	if err != nil {
		h.Fatal(err)
	}
	for _, linje := range headers {
		navn, v, _ := strings.Cut(linje, ": ")
		req.Header.Set(navn, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

func dokument(indhold, mimetype string) string {
	return `{"attributter":{"dokumentegenskaber":[{"brugervendtnoegle":"D-1","titel":"Ansøgning","beskrivelse":"b","brevdato":"2026-03-01","dokumenttype":"Brev",` + altid + `}]},
		"tilstande":{"dokumentfremdrift":[{"fremdrift":"Modtaget",` + altid + `}]},
		"varianter":[{"varianttekst":"PDF","dele":[{"deltekst":"1","egenskaber":[{"indeks":1,"indhold":"` + indhold + `","mimetype":"` + mimetype + `",` + altid + `}]}]}]}`
}

func TestIndhold(t *testing.T) {
	conformance.Proves(t, "oio 87", "oio 89", "oio 88")
	paaBegge(t, func(h *hus) {
		foerste, anden := "%PDF-1.7 første "+strings.Repeat("x", 2000), "%PDF-1.7 anden"
		id := h.formular("POST", "/dokument/dokument", dokument("field:fil1", "application/pdf"), map[string]string{"fil1": foerste}).vil(201).paa("uuid")
		sti := "/dokument/dokument/" + id
		laes := func() svar { return h.kald("GET", sti, "").vil(200).indre(id) }
		store := laes().paa("0.varianter.0.dele.0.egenskaber.0.indhold")
		hvor, ok := strings.CutPrefix(store, "store:")
		if !ok {
			h.Fatalf("indhold is %q", store)
		}
		url := "/dokument/dokument/" + hvor
		status, hoved, tekst := h.hent(url)
		if status != 200 || tekst != foerste || hoved.Get("Content-Type") != "application/pdf" || hoved.Get("X-Content-Type-Options") != "nosniff" {
			h.Errorf("%d %v %.100q", status, hoved, tekst)
		}
		if status, _, tekst := h.hent(url, "Range: bytes=0-7"); status != 206 || tekst != "%PDF-1.7" {
			h.Errorf("%d %q", status, tekst)
		}

		// What one reads can be written back, and other bytes replace these.
		h.kald("PUT", sti, laes().paa("0")).vil(200)
		h.formular("PATCH", sti, `{"varianter":[{"varianttekst":"PDF","dele":[{"deltekst":"1","egenskaber":[{"indhold":"field:ny",`+altid+`}]}]}]}`, map[string]string{"ny": anden}).vil(200)
		ny := "/dokument/dokument/" + strings.TrimPrefix(laes().paa("0.varianter.0.dele.0.egenskaber.0.indhold"), "store:")
		if status, _, tekst := h.hent(ny); status != 200 || tekst != anden {
			h.Errorf("%d %q", status, tekst)
		}
		if status, _, tekst := h.hent(url); status != 200 || tekst != foerste {
			h.Errorf("the replaced content: %d %.50q", status, tekst)
		}
		foer := laes().paa("0.fratidspunkt.tidsstempeldatotid")
		h.kald("DELETE", sti, "").vil(202)
		if status, _, _ := h.hent(ny); status != 410 {
			h.Errorf("content of a deleted Dokument: %d", status)
		}
		if status, _, tekst := h.hent(ny + "?registreringstid=" + urlTid(foer)); status != 200 || tekst != anden {
			h.Errorf("%d %q", status, tekst)
		}
		if n := len(h.beskeder()); n != 3 {
			h.Errorf("%d beskeder", n)
		}
	})
}

func TestForkertIndhold(t *testing.T) {
	conformance.Proves(t, "oio 87", "oio 51")
	paaBegge(t, func(h *hus) {
		const felt = "varianter[0].dele[0].egenskaber[0]"
		for _, c := range []struct {
			indhold, mimetype string
			filer             map[string]string
			felt              string
		}{
			{"field:fil1", "application/pdf", nil, felt + ".indhold"},
			{"field:andet", "application/pdf", map[string]string{"fil1": "%PDF-1.7"}, felt + ".indhold"},
			{"field:fil1", "application/pdf", map[string]string{"fil1": "PK\x03\x04"}, felt + ".mimetype"},
			{"field:fil1", "image/png", map[string]string{"fil1": "<html><script>alert(1)</script>"}, felt + ".mimetype"},
			{"field:fil1", "application/vnd.x", map[string]string{"fil1": "<html><script>alert(1)</script>"}, felt + ".mimetype"},
			{"store:sha256/" + strings.Repeat("a", 64) + ".bin", "application/pdf", nil, felt + ".indhold"},
		} {
			s := h.formular("POST", "/dokument/dokument", dokument(c.indhold, c.mimetype), c.filer).vil(400)
			s.er("felter.0.sti", c.felt)
		}
		h.kald("POST", "/dokument/dokument", dokument("field:fil1", "application/pdf")).vil(400).er("felter.0.sti", felt+".indhold")
		h.kald("POST", "/dokument/dokument", "--x\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{", "Content-Type: multipart/form-data; boundary=x").vil(400)
		h.kald("POST", "/dokument/dokument", "x", "Content-Type: multipart/form-data").vil(400)
		h.kald("GET", "/dokument/dokument", "").vil(200).er("results.0", "[]")
		for _, sti := range []string{"/dokument/dokument/sha256/" + strings.Repeat("a", 64) + ".bin", "/dokument/dokument/sha256/x.bin", "/sag/sag/sha256/" + strings.Repeat("a", 64) + ".bin"} {
			if status, _, _ := h.hent(sti); status != 404 {
				h.Errorf("%s: %d", sti, status)
			}
		}
	})
}
