package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/oio"
)

// Document bytes are named by their SHA-256 within MOX. At this border they have the names that the field knows: a part's
// indhold is "field:x" when its bytes come as x in the same form, and "store:…" when they are here already, to be read at
// /dokument/dokument/… . Any other URI is kept as it is, and never fetched. spec: oio 3.4, 87, 88
const (
	feltforled  = "field:"
	storeforled = "store:sha256/"
	storeende   = ".bin"
	maksFiler   = 100
)

// dokumentFrist is how long a caller may take to send or fetch documents.
const dokumentFrist = 15 * time.Minute

// modtaget is a body with the documents that came along, by the name of their field.
type modtaget struct {
	json  []byte
	filer map[string]fil
}

type fil struct{ sha, art string }

// flerdelt reads a multipart form: the field json, and files. They are stored as they come.
func (a *api) flerdelt(k *kald) (ud modtaget, err error) {
	c := http.NewResponseController(k.w)
	_ = c.SetReadDeadline(time.Now().Add(dokumentFrist)) // a ResponseWriter that has none is not a network's
	r, err := k.MultipartReader()
	if err != nil {
		return ud, afbrudt(err)
	}
	ud.filer = map[string]fil{}
	for {
		del, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return ud, nil
		}
		if err != nil {
			return ud, afbrudt(err)
		}
		if err := a.del(k, del, &ud); err != nil {
			return ud, err
		}
	}
}

func (a *api) del(k *kald, del *multipart.Part, ud *modtaget) error {
	navn := del.FormName()
	if navn == "json" {
		b, err := io.ReadAll(io.LimitReader(del, oio.MaksIndreBytes+1))
		ud.json = b
		return afbrudt(err)
	}
	if len(ud.filer) == maksFiler {
		return mox.E("indhold", mox.KodeForStor, "der er over %d filer", maksFiler).Med("del dem i flere kald")
	}
	foerste := make([]byte, 512)
	n, err := io.ReadFull(del, foerste)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return afbrudt(err)
	}
	foerste = foerste[:n]
	sha, err := a.r.GemDokument(k.Context(), a.lager, io.MultiReader(strings.NewReader(string(foerste)), del))
	if err != nil {
		return err
	}
	ud.filer[navn] = fil{sha: sha, art: http.DetectContentType(foerste)}
	return nil
}

// indsaet puts the names that MOX uses where the caller has those of the field.
func (a *api) indsaet(ctx context.Context, r *mox.Registrering, filer map[string]fil) error {
	var fejl []mox.Feltfejl
	for i := range r.Varianter {
		for j := range r.Varianter[i].Dele {
			for n, e := range r.Varianter[i].Dele[j].Egenskaber {
				regel, tekst, err := a.indsaetEn(ctx, e.Felter, filer)
				if err != nil {
					return err
				}
				if tekst != "" {
					fejl = append(fejl, mox.Feltfejl{Sti: fmt.Sprintf("varianter[%d].dele[%d].egenskaber[%d].%s", i, j, n, regel), Regel: regel, Spec: "oio 87", Tekst: tekst})
				}
			}
		}
	}
	if len(fejl) > 0 {
		return &mox.Error{Kode: mox.KodeUgyldig, Op: "indhold", Tekst: "dokumentets indhold kan ikke bruges", Felter: fejl, Raad: "send filen som et felt i samme formular (multipart/form-data)"}
	}
	return nil
}

// indsaetEn puts the name of one document in place. regel and tekst say what is wrong with it, err that it cannot be judged now.
func (a *api) indsaetEn(ctx context.Context, felter map[string]string, filer map[string]fil) (regel, tekst string, err error) {
	v := felter["indhold"]
	if navn, ok := strings.CutPrefix(v, feltforled); ok {
		f, ok := filer[navn]
		if !ok {
			return "indhold", fmt.Sprintf("formularen har ingen fil i feltet %q", mox.Maskeret(navn)), nil
		}
		if !passer(felter["mimetype"], f.art) {
			return "mimetype", fmt.Sprintf("filen er %s", f.art), nil
		}
		felter["indhold"] = indhold.URN + f.sha
		return "", "", nil
	}
	sha, ok := storeSha(v)
	if !ok {
		return "", "", nil
	}
	switch har, err := a.lager.Har(ctx, sha); {
	case err != nil:
		return "", "", err
	case !har:
		return "indhold", "findes ikke her", nil
	}
	felter["indhold"] = indhold.URN + sha
	return "", "", nil
}

// passer reports whether bytes that look like er may be told as vil. Only forms that can be known for sure are judged, and a
// web page, which a browser would run.
func passer(vil, er string) bool {
	kendte := []string{"application/pdf", "image/png", "image/jpeg", "image/gif", "text/html"}
	vil, _, _ = mime.ParseMediaType(vil)
	er, _, _ = mime.ParseMediaType(er)
	return vil == er || vil == "" || !slices.Contains(kendte, vil) && er != "text/html" || er == "text/html" && vil == "application/xhtml+xml"
}

func storeSha(v string) (string, bool) {
	rest, ok := strings.CutPrefix(v, storeforled)
	sha, ende := strings.CutSuffix(rest, storeende)
	if !ok || !ende {
		return "", false
	}
	_, ok = indhold.Sha(indhold.URN + sha)
	return sha, ok
}

// medStore puts the field's names where MOX has its own. r is the caller's alone.
func medStore(r mox.Registrering) mox.Registrering {
	for _, v := range r.Varianter {
		for _, d := range v.Dele {
			for _, e := range d.Egenskaber {
				if sha, ok := indhold.Sha(e.Felter["indhold"]); ok {
					e.Felter["indhold"] = storeforled + sha + storeende
				}
			}
		}
	}
	return r
}

// bytes answers with a document, as a file to be saved whatever is in it.
func (a *api) bytes(k *kald) error {
	sha, ok := storeSha(storeforled + k.PathValue("under"))
	if !ok || !k.type_.Varianter {
		return ukendtAdresse()
	}
	s, err := soegningAf(k.type_, k.URL.Query())
	if err != nil {
		return err
	}
	d, err := a.r.Indhold(k.Context(), k.hvem, indhold.URN+sha, s.Tider.RegFra)
	if err != nil {
		return err
	}
	f, err := a.lager.Hent(k.Context(), sha)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	_ = http.NewResponseController(k.w).SetWriteDeadline(time.Now().Add(dokumentFrist))
	h := k.w.Header()
	h.Set("ETag", `"`+sha+`"`)
	h.Set("Content-Type", d.Mimetype)
	h.Set("Content-Disposition", "attachment")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-cache")
	http.ServeContent(k.w, k.Request, "", time.Time{}, f)
	return nil
}
