package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/testenv"
)

// TestProgrammetSigerHvadManSkalVide: what it prints is enough to get a token.
func TestProgrammetSigerHvadManSkalVide(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ud, skriv := io.Pipe()
	slut := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-url", broker.URL}, skriv, t.Output())
		_ = skriv.Close() // never fails
		slut <- err
	}()
	linje, _ := bufio.NewReader(ud).ReadBytes('\n') // what is missing is seen below
	var o oplysninger
	if err := json.Unmarshal(linje, &o); err != nil || len(o.Dueslag) != 1 || o.Fejlkoe == "" {
		t.Fatalf("%s: %v", linje, err)
	}
	svar, err := http.PostForm(o.Token, url.Values{"grant_type": {"client_credentials"}, "client_id": {"mox"}, "client_secret": {o.Klienter["mox"].Hemmelighed}})
	if err != nil {
		t.Fatal(err)
	}
	if _ = svar.Body.Close(); svar.StatusCode != http.StatusOK {
		t.Error(svar.Status)
	}
	stop()
	if err := <-slut; err != nil {
		t.Error(err)
	}
}

func TestFilen(t *testing.T) {
	t.Parallel()
	fil := filepath.Join(t.TempDir(), "bf.json")
	for indhold, want := range map[string]string{
		`{"klienter": {"mox": {"hemmelighed": "h", "cvr": "29189803"}}, "dueslag": [{"id": "a", "push": "https://x.example"}]}`: "",
		`{"klient": {}}`: "unknown field",
		`{`:              "bf.json",
	} {
		if err := os.WriteFile(fil, []byte(indhold), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := laes(fil)
		if want == "" && (err != nil || o.Klienter["mox"].CVR != "29189803" || o.Dueslag[0].Push == "") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %+v %v", indhold, o, err)
		}
	}
	if err := run(t.Context(), []string{"-fil", filepath.Join(t.TempDir(), "ingen")}, io.Discard, io.Discard); err == nil {
		t.Error("en fil, der ikke er der, er god nok")
	}
}
