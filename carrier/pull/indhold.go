package pull

import (
	"io"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/wire"
)

func (a *api) gemIndhold(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	if err := maaHandle(id); err != nil {
		return err
	}
	if r.ContentLength > indhold.Maks {
		return &http.MaxBytesError{Limit: indhold.Maks}
	}
	slip := laesInden(w, dokumentFrist)
	defer slip()
	svarInden(w, dokumentFrist+svarFrist)
	sha, n, err := a.t.gem(r.Context(), r.Body)
	if err != nil {
		return afbrudt(err)
	}
	return svar(w, http.StatusCreated, wire.Indholdsvar{URN: indhold.URN + sha, Stoerrelse: n})
}

// hentIndhold answers with document bytes, as a file to be saved whatever is in it. The right is looked up at each call, also
// when the caller has the bytes already.
func (a *api) hentIndhold(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	sha := r.PathValue("sha")
	f, err := a.aabnIndhold(r, id, sha)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	svarInden(w, dokumentFrist)
	h := w.Header()
	h.Set("ETag", `"`+sha+`"`)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

// aabnIndhold reads by the abonnement in the header; ?abonnement= does too.
func (a *api) aabnIndhold(r *http.Request, id auth.Identitet, sha string) (io.ReadSeekCloser, error) {
	abonnement := mox.AbonnementID(r.Header.Get(wire.AbonnementHeader))
	if abonnement == "" {
		abonnement = mox.AbonnementID(r.URL.Query().Get("abonnement"))
	}
	switch {
	case abonnement != "" && !rentNavn(string(abonnement)):
		return nil, distributor.UkendtAbonnement(abonnement)
	case abonnement != "":
		if err := a.maaBruge(id, abonnement); err != nil {
			return nil, err
		}
		return a.t.aabn(r.Context(), abonnement, sha)
	case id.Rolle.Menneske():
		f, err := a.t.Lager.Hent(r.Context(), sha)
		if err == nil {
			a.t.log().Info("indhold læst", "hvem", id.Navn, "sha256", sha) // spec: mox 52
		}
		return f, err
	}
	return nil, felter{{Sti: "abonnement", Regel: "kraevet", Tekst: "mangler; send headeren " + wire.AbonnementHeader}}.fejl()
}
