package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/internal/conformance"
)

// mox runs a command to its end.
func moxKommando(t *testing.T, args ...string) (kode int, ud, fejl string) {
	t.Helper()
	var out, err bytes.Buffer
	kode = run(t.Context(), args, strings.NewReader(""), &out, &err)
	return kode, out.String(), err.String()
}

// koer starts a command that keeps running, and gives the JSON line it begins with. It is stopped with the test.
func koer(t *testing.T, args ...string) map[string]string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ud, ind := io.Pipe()
	faerdig := make(chan int, 1)
	go func() {
		kode := run(ctx, args, nil, ind, t.Output())
		_ = ind.Close() // ends the reader below when the command cannot start
		faerdig <- kode
	}()
	t.Cleanup(func() {
		stop()
		if kode := <-faerdig; kode != exitOK {
			t.Errorf("%v ended with %d", args, kode)
		}
	})
	var linje map[string]string
	if err := json.NewDecoder(ud).Decode(&linje); err != nil {
		t.Fatalf("%v never told where it is: %v", args, err)
	}
	return linje
}

func skriv(t *testing.T, fil, tekst string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(fil), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fil, []byte(tekst), 0o644); err != nil {
		t.Fatal(err)
	}
}

const sagMap = `map: sag
objekttype: Sag
felter:
  - {felt: NR, sti: egenskaber.sagsnummer, kraevet: ja}
  - {felt: NR, sti: egenskaber.brugervendtnoegle}
  - {felt: TITEL, sti: egenskaber.titel, kraevet: ja}
  - {sti: egenskaber.beskrivelse, fast: "-"}
  - {sti: egenskaber.kassationskode, fast: B}
  - {sti: tilstande.fremdrift, fast: Opstaaet}
`

// agentFil writes an agent that reads CSV files from a folder, and gives the agent's file and that folder.
func agentFil(t *testing.T, dir, ekstra string) (fil, ud string) {
	t.Helper()
	ud = filepath.Join(dir, "ud")
	if err := os.MkdirAll(ud, 0o755); err != nil {
		t.Fatal(err)
	}
	fil = filepath.Join(dir, "agent.yaml")
	skriv(t, fil, `agent: arkiv
system: Arkiv
acts_as: svc-mox
sources:
  - name: sager
    from: {type: folder, path: ud, pattern: "*.csv", format: csv, charset: utf-8, faerdig: omdoebt`+ekstra+`}
    start: alt
    key: NR
    map: maps/sag.yaml
    interval: 50ms
`)
	skriv(t, filepath.Join(dir, "maps", "sag.yaml"), sagMap)
	return fil, ud
}

// Bad input is answered with a text that says where and what to do, and with the documented exit code.
func TestUsageErrors(t *testing.T) {
	lytter, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lytter.Close() }() // the test is over
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "fil"), "")
	skriv(t, filepath.Join(dir, "yaml", "mox.yaml"), "agenter: [a.yaml\nprocesser: x")
	skriv(t, filepath.Join(dir, "noegle", "mox.yaml"), "agentr: [a.yaml]")
	skriv(t, filepath.Join(dir, "database", "mox.yaml"), "database: postgress://mox:hemmelig@db/mox")
	skriv(t, filepath.Join(dir, "fjern", "mox.yaml"), "fjern: {listen: \"0.0.0.0:0\"}")
	skriv(t, filepath.Join(dir, "agent.yaml"), "agent: a\nsystem: A\nacts_as: u\nsources:\n  - name: s\n    start: altid\n    kay: NR\n")
	tests := map[string]struct {
		args []string
		kode int
		skal []string // what the text must say
	}{
		"UnknownCommand":    {[]string{"server"}, exitBrug, []string{"server"}},
		"UnknownFlag":       {[]string{"serve", "--prot", "1"}, exitBrug, []string{"--prot"}},
		"PortInUse":         {[]string{"serve", "--dir", filepath.Join(dir, "p"), "--listen", lytter.Addr().String()}, exitServer, []string{lytter.Addr().String(), "Næste skridt", "--listen"}},
		"NotLoopback":       {[]string{"serve", "--dir", filepath.Join(dir, "l"), "--listen", "0.0.0.0:8480"}, exitTilladt, []string{"0.0.0.0:8480", "fjern.listen"}},
		"FolderNotWritable": {[]string{"serve", "--dir", filepath.Join(dir, "fil", "under")}, exitServer, []string{filepath.Join(dir, "fil"), "--dir"}},
		"ConfigNotYAML":     {[]string{"serve", "--dir", filepath.Join(dir, "yaml")}, exitUgyldig, []string{"mox.yaml", "["}},
		"ConfigDatabase":    {[]string{"serve", "--dir", filepath.Join(dir, "database")}, exitUgyldig, []string{"mox.yaml", "database", "postgres://"}},
		"BackupDatabase":    {[]string{"backup", "--dir", filepath.Join(dir, "database"), "--til", filepath.Join(dir, "k.zip")}, exitUgyldig, []string{"mox.yaml", "database", "postgres://"}},
		"ConfigUnknownKey":  {[]string{"serve", "--dir", filepath.Join(dir, "noegle")}, exitUgyldig, []string{"mox.yaml", "agentr"}},
		"RemoteWithoutTLS":  {[]string{"serve", "--dir", filepath.Join(dir, "fjern")}, exitUgyldig, []string{"fjern.certifikat"}},
		"AgentWrong":        {[]string{"agent", "check", filepath.Join(dir, "agent.yaml")}, exitUgyldig, []string{"agent.yaml"}},
		"AgentMissing":      {[]string{"agent", "check", filepath.Join(dir, "ingen.yaml")}, exitUgyldig, []string{"ingen.yaml"}},
		"NoServer":          {[]string{"status", "--dir", filepath.Join(dir, "tom")}, exitServer, []string{"mox serve"}},
		"NoKey":             {[]string{"status", "--server", "http://127.0.0.1:1"}, exitTilladt, []string{"MOX_NOEGLE"}},
		"NothingSelected":   {[]string{"fejl", "gensend"}, exitBrug, []string{"--abonnement"}},
		"DemoFolderUsed":    {[]string{"demo", "--once", "--sabotage", "andet"}, exitBrug, []string{"tab eller gentag"}},
	}
	for name, x := range tests {
		t.Run(name, func(t *testing.T) {
			kode, ud, fejl := moxKommando(t, x.args...)
			if kode != x.kode {
				t.Errorf("exit code %d, want %d: %s", kode, x.kode, fejl)
			}
			if strings.Contains(ud+fejl, "hemmelig") {
				t.Errorf("the password is shown: %s%s", ud, fejl)
			}
			for _, s := range x.skal {
				if !strings.Contains(ud+fejl, s) {
					t.Errorf("the text does not say %q:\n%s%s", s, ud, fejl)
				}
			}
		})
	}
}

// Every exit code is told in the help text.
func TestHelpTellsExitCodes(t *testing.T) {
	kode, ud, _ := moxKommando(t, "serve", "--help")
	if kode != exitOK {
		t.Fatalf("exit code %d", kode)
	}
	for k := exitOK; k <= exitDisk; k++ {
		if !strings.Contains(ud, fmt.Sprintf("%d ", k)) {
			t.Errorf("the help text does not tell exit code %d", k)
		}
	}
}

// A second process on the same folder is refused, and told who holds it; the first goes on.
func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	kode, _, fejl := moxKommando(t, "serve", "--dir", dir, "--listen", "127.0.0.1:0")
	if kode != exitLaast || !strings.Contains(fejl, fmt.Sprint(os.Getpid())) {
		t.Errorf("exit code %d, text %q; want %d and the process that holds it", kode, fejl, exitLaast)
	}
	if kode, _, fejl := moxKommando(t, "status", "--dir", dir); kode != exitOK {
		t.Errorf("the first no longer answers: %d %s", kode, fejl)
	}
}

// laegFil lets a file appear whole, by rename.
func laegFil(t *testing.T, mappe, navn string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(mappe, navn+".tmp"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(mappe, navn+".tmp"), filepath.Join(mappe, navn)); err != nil {
		t.Fatal(err)
	}
}

// Bad files are shown as Fejl with their place and kept, and the good records beside them become beskeder.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	_, ud := agentFil(t, filepath.Join(dir, "arkiv"), "")
	skriv(t, filepath.Join(dir, "mox.yaml"), "agenter: [arkiv/agent.yaml]\n")
	stor, err := os.Create(filepath.Join(ud, "b_stor.csv.tmp"))
	if err != nil {
		t.Fatal(err)
	}
	if err := stor.Truncate(200 << 20); err != nil {
		t.Fatal(err)
	}
	if err := stor.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(stor.Name(), filepath.Join(ud, "b_stor.csv")); err != nil {
		t.Fatal(err)
	}
	laegFil(t, ud, "a_tegnsaet.csv", []byte("NR;TITEL\n1;K\xf8benhavn\n2;Aarhus\n"))
	laegFil(t, ud, "c_noegle.csv", []byte("NR;TITEL\n;uden nummer\n3;med nummer\n4;\n"))
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	s := &server{dir: dir, env: &env{}}
	var l drift.Fejlliste
	venter(t, "four Fejl", func() bool {
		if err := s.kald(t.Context(), http.MethodGet, driftsti("fejl"), nil, &l); err != nil {
			t.Fatal(err)
		}
		return len(l.Fejl) >= 4
	})
	for _, skal := range []string{`"fil":"a_tegnsaet.csv","linje":2`, `"fil":"b_stor.csv"`, `"fil":"c_noegle.csv","linje":2`, `"fil":"c_noegle.csv","linje":4`} {
		fundet := false
		for _, f := range l.Fejl {
			fundet = fundet || strings.Contains(string(f.Sted), skal) && f.Tekst != "" && f.Raad != ""
		}
		if !fundet {
			t.Errorf("no Fejl with place %s, text and next step in %+v", skal, l.Fejl)
		}
	}
	var st drift.Status
	venter(t, "the good records", func() bool {
		if err := s.kald(t.Context(), http.MethodGet, driftsti("status"), nil, &st); err != nil {
			t.Fatal(err)
		}
		return st.Beskeder == 2
	})
	venter(t, "the large file, set aside after what it gave was stored", func() bool {
		_, err := os.Stat(filepath.Join(ud, "afvist", "b_stor.csv"))
		return err == nil
	})
}

// A first run that would send very much is held until someone says yes, and a person is shown why.
func TestFirstRunNeedsYes(t *testing.T) {
	dir := t.TempDir()
	_, ud := agentFil(t, filepath.Join(dir, "arkiv"), "")
	skriv(t, filepath.Join(dir, "mox.yaml"), "agenter: [arkiv/agent.yaml]\n")
	var fil bytes.Buffer
	fil.WriteString("NR;TITEL\n")
	for n := range 1001 {
		fmt.Fprintf(&fil, "%d;Sag %d\n", n, n)
	}
	laegFil(t, ud, "alle.csv", fil.Bytes())
	s := &server{dir: dir, env: &env{}}
	beskeder := func() int64 {
		var st drift.Status
		if err := s.kald(t.Context(), http.MethodGet, driftsti("status"), nil, &st); err != nil {
			t.Fatal(err)
		}
		return st.Beskeder
	}
	t.Run("Held", func(t *testing.T) {
		koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
		venter(t, "the Fejl that tells the count", func() bool {
			var l drift.Fejlliste
			if err := s.kald(t.Context(), http.MethodGet, driftsti("fejl"), nil, &l); err != nil {
				t.Fatal(err)
			}
			return len(l.Fejl) == 1 && l.Fejl[0].Kode == string(mox.KodeBekraeft) && strings.Contains(l.Fejl[0].Tekst, "1001") && strings.Contains(l.Fejl[0].Raad, "--ja")
		})
		if n := beskeder(); n != 0 {
			t.Errorf("%d beskeder were sent", n)
		}
	})
	t.Run("WithYes", func(t *testing.T) {
		koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0", "--ja")
		venter(t, "all records", func() bool { return beskeder() == 1001 })
	})
}

// venter looks again and again until ok, or fails.
func venter(t *testing.T, paa string, ok func() bool) {
	t.Helper()
	frist := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-frist:
			t.Fatalf("waited in vain for %s", paa)
		}
	}
}

// One API key opens a TLS listener, through which an agent on another machine does its work; the key opens nothing else.
func TestRemoteAgent(t *testing.T) {
	conformance.Proves(t, "mox 31")
	dir := t.TempDir()
	fil, ud := agentFil(t, filepath.Join(dir, "arkiv"), "")
	kode, noegleJSON, _ := moxKommando(t, "noegle", "ny", "arkiv", "--system", "Arkiv", "--json")
	if kode != exitOK {
		t.Fatalf("mox noegle ny: %d", kode)
	}
	var n map[string]string
	if err := json.Unmarshal([]byte(noegleJSON), &n); err != nil {
		t.Fatal(err)
	}
	skriv(t, filepath.Join(dir, "noegler.yaml"), fmt.Sprintf("- {navn: arkiv, system: Arkiv, rolle: system, sha256: %s}\n", n["sha256"]))
	ca := certifikat(t, dir)
	fjern := ledigPort(t)
	skriv(t, filepath.Join(dir, "mox.yaml"), fmt.Sprintf("fjernagenter: [arkiv/agent.yaml]\nfjern: {listen: %q, certifikat: mox.crt, noegle: mox.key, api_noegler: noegler.yaml}\n", fjern))
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	t.Setenv("MOX_NOEGLE", n["noegle"])
	laegFil(t, ud, "a.csv", []byte("NR;TITEL\n1;Æblevej 3\n"))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if kode := run(ctx, []string{"agent", "run", fil, "--server", "https://" + fjern, "--ca", ca}, nil, io.Discard, t.Output()); kode != exitOK {
			t.Errorf("mox agent run ended with %d", kode)
		}
	})
	defer wg.Wait()
	defer stop()
	s := &server{dir: dir, env: &env{}}
	venter(t, "the remote agent's besked", func() bool {
		var st drift.Status
		if err := s.kald(t.Context(), http.MethodGet, driftsti("status"), nil, &st); err != nil {
			t.Fatal(err)
		}
		return st.Beskeder == 1
	})
	system := &server{url: "https://" + fjern, ca: ca, env: &env{}}
	if err := system.kald(t.Context(), http.MethodGet, driftsti("status"), nil, nil); mox.KodeAf(err) != mox.KodeIkkeTilladt {
		t.Errorf("a system's key got %v from the operators' pages, want %s", err, mox.KodeIkkeTilladt)
	}
}

func ledigPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // free again
	return l.Addr().String()
}

// certifikat writes mox.crt and mox.key for 127.0.0.1 into dir, and gives the certificate's file.
func certifikat(t *testing.T, dir string) string {
	t.Helper()
	noegle, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mox"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &noegle.PublicKey, noegle)
	if err != nil {
		t.Fatal(err)
	}
	privat, err := x509.MarshalECPrivateKey(noegle)
	if err != nil {
		t.Fatal(err)
	}
	fil := filepath.Join(dir, "mox.crt")
	skriv(t, fil, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	skriv(t, filepath.Join(dir, "mox.key"), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: privat})))
	return fil
}
