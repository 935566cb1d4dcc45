package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestListeOgEfterlevering: a list is made and filled from a file, an abonnement that uses it gets what came before it, and
// the sender sees what is not ended.
func TestListeOgEfterlevering(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	sendBesked(t, dir, "urn:x:1")
	gaar := func(vil string, args ...string) {
		t.Helper()
		if kode, ud, fejl := moxKommando(t, append(args, "--dir", dir)...); kode != exitOK || !strings.Contains(ud, vil) {
			t.Errorf("%v: %d %s %s, skulle sige %q", args, kode, ud, fejl, vil)
		}
	}
	fejler := func(kode int, vil string, args ...string) {
		t.Helper()
		if k, ud, fejl := moxKommando(t, append(args, "--dir", dir)...); k != kode || !strings.Contains(fejl, vil) {
			t.Errorf("%v: %d %s %s, skulle være %d med %q", args, k, ud, fejl, kode, vil)
		}
	}
	fil := filepath.Join(dir, "typer.txt")
	skriv(t, fil, "Sag.Arkivér\nSag.Opstaaet\n")
	fejler(exitUgyldig, "der er ingen liste", "abonnement", "opret", "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"beskedtype":{"liste":"typer"}}`)
	gaar("Listen typer er oprettet", "liste", "opret", "typer", "--noegle", "beskedtype")
	gaar("findes allerede", "liste", "opret", "typer", "--noegle", "beskedtype")
	gaar("2 værdier læst, 2 tilføjet, 0 fjernet; listen har nu 2", "liste", "tilfoej", "typer", fil)
	gaar("Sag.Arkivér\n", "liste", "vis", "typer")
	fejler(exitUgyldig, "kan ikke læses", "liste", "tilfoej", "typer", filepath.Join(dir, "findes-ikke"))
	fejler(exitFundet, "ingen liste", "liste", "vis", "findes-ikke")

	opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"beskedtype":{"liste":"typer"}}`, "--overhal")
	gaar("abonnement esdh.sager", "liste", "list")
	fejler(exitFejl, "bruges af abonnement esdh.sager", "liste", "slet", "typer", "--begrundelse", "bruges ikke")
	gaar("Alt fra lokal er afsluttet", "besked", "uafsluttede")
	gaar("1 bliver leveret", "abonnement", "efterlever", "esdh.sager", "--fra", "1", "--preview")
	fejler(exitBekraeft, "begynd med --ja", "abonnement", "efterlever", "esdh.sager", "--fra", "2020-01-01")
	fejler(exitBrug, "hverken en dato", "abonnement", "efterlever", "esdh.sager", "--fra", "i går")
	gaar("får logpositionerne 1-1", "abonnement", "efterlever", "esdh.sager", "--fra", "1", "--ja")
	venter(t, "efterleveringen", func() bool {
		_, ud, _ := moxKommando(t, "abonnement", "list", "--dir", dir)
		return strings.Contains(ud, "færdig: 1")
	})
	gaar("modtager: 1 afventer", "besked", "uafsluttede")
	gaar("0 bliver leveret", "abonnement", "efterlever", "esdh.sager", "--fra", "1")
	fejler(exitFundet, "ikke ved at få", "abonnement", "efterlever", "esdh.sager", "--stands", "--begrundelse", "forkert")
	gaar("1 fjernet; listen har nu 1", "liste", "erstat", "typer", skrevet(t, dir, "Sag.Opstaaet"))
}

// skrevet is a file with the lines.
func skrevet(t *testing.T, dir string, linjer ...string) string {
	t.Helper()
	fil := filepath.Join(dir, fmt.Sprint("fil", len(linjer), ".txt"))
	skriv(t, fil, strings.Join(linjer, "\n"))
	return fil
}
