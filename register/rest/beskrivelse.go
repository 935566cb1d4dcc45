package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// struktur is what a type has, as the field's tools read it at /fields and /classes.
type struktur struct {
	Attributter           map[string][]string `json:"attributter"`
	Tilstande             map[string][]string `json:"tilstande"`
	RelationerNulTilEn    []string            `json:"relationer_nul_til_en"`
	RelationerNulTilMange []string            `json:"relationer_nul_til_mange"`
}

func strukturAf(t *mox.Type) struktur {
	ud := struktur{Attributter: map[string][]string{}, Tilstande: map[string][]string{}, RelationerNulTilEn: []string{}, RelationerNulTilMange: []string{}}
	for _, a := range t.Attributter {
		ud.Attributter[strings.TrimPrefix(a.Navn, t.Sti)] = feltnavne(a.Felter)
	}
	for _, tv := range t.Tilstande {
		ud.Tilstande[tv.Felt] = tv.Vaerdi
	}
	for _, rt := range t.Relationer {
		if rt.Flere {
			ud.RelationerNulTilMange = append(ud.RelationerNulTilMange, rt.Navn)
		} else {
			ud.RelationerNulTilEn = append(ud.RelationerNulTilEn, rt.Navn)
		}
	}
	return ud
}

// feltnavne are the names on the wire: fields of one object within a set count as one.
func feltnavne(felter []mox.Felt) []string {
	var ud []string
	for _, f := range felter {
		navn, _, _ := strings.Cut(f.Navn, ".")
		if !slices.Contains(ud, navn) {
			ud = append(ud, navn)
		}
	}
	return ud
}

func (a *api) fields(k *kald) error { return k.svar(http.StatusOK, strukturAf(k.type_)) }

func (a *api) classes(w http.ResponseWriter, r *http.Request) error {
	ud := map[string]struktur{}
	for _, navn := range mox.ObjektTyper() {
		if t, _ := mox.TypeAf(navn); t.Service == r.PathValue("service") {
			ud[t.Sti] = strukturAf(t)
		}
	}
	if len(ud) == 0 {
		return ukendtAdresse()
	}
	return (&kald{w: w, Request: r}).svar(http.StatusOK, ud)
}

func (a *api) siteMap(w http.ResponseWriter, r *http.Request) error {
	ud := []string{"/site-map"}
	for _, navn := range mox.ObjektTyper() {
		t, _ := mox.TypeAf(navn)
		sti := "/" + t.Service + "/" + t.Sti
		ud = append(ud, "/"+t.Service+"/classes", sti, sti+"/<uuid>", sti+"/fields", sti+"/schema", sti+"/soeg")
	}
	slices.Sort(ud)
	return (&kald{w: w, Request: r}).svar(http.StatusOK, map[string][]string{"site-map": slices.Compact(ud)})
}

func (a *api) schema(k *kald) error {
	k.w.Header().Set("Link", `<https://json-schema.org/draft/2020-12/schema>; rel="describedby"`)
	return k.svar(http.StatusOK, Skema(k.type_))
}
