package mailc

import (
	"encoding/base64"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withDocument is a mail with a document.
func withDocument(content []byte) string {
	return "Subject: Bilag\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSe bilaget\n--x\n" +
		"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n" +
		lines(base64.StdEncoding.EncodeToString(content)) + "\n--x--\n"
}

func lines(text string) string {
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail string
		want map[string]string
	}{
		"Plain": {
			"From: Borger Borgersen <borger@example.dk>\nTo: post@kommune.dk, \"Sag, Byg\" <byg@kommune.dk>\nCc: a@b.dk\nReply-To: c@d.dk\nSubject: Ansøgning\n" +
				"Date: Sun, 1 Mar 2026 12:00:00 +0100\nMessage-ID: <1.2@example.dk>\nIn-Reply-To: <0@kommune.dk>\nAuto-Submitted: auto-replied\nContent-Type: text/plain; charset=utf-8\n\nKære kommune\n\nHilsen\n",
			map[string]string{
				"id": "1.2@example.dk", "message_id": "1.2@example.dk", "fra": "borger@example.dk", "fra_navn": "Borger Borgersen", "til": "post@kommune.dk, byg@kommune.dk",
				"cc": "a@b.dk", "svar_til": "c@d.dk", "emne": "Ansøgning", "dato": "2026-03-01T12:00:00+01:00", "svar_paa": "0@kommune.dk", "automatisk": "auto-replied",
				"tekst": "Kære kommune\n\nHilsen\n",
			},
		},
		"Outlook": { // says iso-8859-1 and writes windows-1252
			"From: =?iso-8859-1?Q?J=F8rgen_=C6gir?= <j@example.dk>\nSubject: =?iso-8859-1?Q?S=F8knad_=96_del?= =?iso-8859-1?Q?_2?=\nMessage-ID: <2@x>\nContent-Type: text/plain; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: quoted-printable\n\n=80 100 =93s=E5dan=94\n",
			map[string]string{"id": "2@x", "message_id": "2@x", "fra": "j@example.dk", "fra_navn": "Jørgen Ægir", "emne": "Søknad – del 2", "tekst": "€ 100 “sådan”\n"},
		},
		"Polish": {
			"Message-ID: <3@x>\nContent-Type: text/plain; charset=iso-8859-2\n\n\xA3\xF3d\xBC\n",
			map[string]string{"id": "3@x", "message_id": "3@x", "tekst": "Łódź\n"},
		},
		"Alternatives": {
			"Message-ID: <4@x>\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/plain\n\nhej\n--y\n" +
				"Content-Type: text/html; charset=utf-8\n\n<p>hej\n--y--\n--x\nContent-Type: image/png; name=\"=?utf-8?Q?kort_=C3=A6.png?=\"\nContent-Transfer-Encoding: base64\n\naGVq\n" +
				"--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''bilag%20%C3%B8.pdf\n\n%PDF\n--x\nContent-Type: message/rfc822\n\nSubject: inde i\n\nx\n--x--\n",
			map[string]string{
				"id": "4@x", "message_id": "4@x", "tekst": "hej", "html": "<p>hej",
				"bilag.0.navn": "kort æ.png", "bilag.0.type": "image/png", "bilag.0.byte": "3",
				"bilag.1.navn": "bilag ø.pdf", "bilag.1.type": "application/pdf", "bilag.1.byte": "4",
				"bilag.2.navn": "bilag-3", "bilag.2.type": "message/rfc822", "bilag.2.byte": "20",
			},
		},
		"NoID":      {"Subject: x\n\n", map[string]string{"id": "sha256-7b6dd8c9f7ddb1da0ea3e6b06ddd58c5", "emne": "x"}},
		"Addresses": {"Message-ID: <5@x>\nFrom: Salg! (at) firma\nTo: undisclosed-recipients:;\n\n", map[string]string{"id": "5@x", "message_id": "5@x", "fra": "Salg! (at) firma", "til": "undisclosed-recipients:;"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parse([]byte(strings.ReplaceAll(c.mail, "\n", "\r\n")), -1)
			if err != nil {
				t.Fatal(err)
			}
			if name == "NoID" { // whatever the digest is, it is there and the same again
				c.want = maps.Clone(c.want)
				c.want["id"] = p.fields["id"]
				if !strings.HasPrefix(p.fields["id"], "sha256-") || len(p.fields["id"]) != 39 {
					t.Errorf("id %q", p.fields["id"])
				}
			}
			if diff := cmp.Diff(c.want, p.fields); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ mail, want string }{
		"NoHead":         {"dette er ikke en mail\n", "hoved"},
		"BrokenOff":      {"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhalv", "kan ikke læses"},
		"UnknownCharset": {"Content-Type: text/plain; charset=ebcdic\n\nx\n", "ebcdic"},
		"NotInCharset":   {"Content-Type: text/plain; charset=windows-1252\n\na\x81b\n", "windows-1252"},
		"NotUTF8":        {"Content-Type: text/plain\n\n\xE6\n", "utf-8"},
		"Subject":        {"Subject: =?utf-8?Q?=E6?=\n\n", "emnet"},
		"RawSubject":     {"Subject: \xE6\n\n", "emnet"},
		"Base64":         {"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n!!!!\n", "bilag 1"},
		"TooLong":        {"Content-Type: text/plain\n\n" + strings.Repeat("x", maxText+1), "1048576"},
		"TooDeep":        {deep(30), "i hinanden"},
		"TooMany":        {"Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\nx\n", 600) + "--x--\n", "dele"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parse([]byte(strings.ReplaceAll(c.mail, "\n", "\r\n")), -1)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("parse = %+v, %v, want an error with %q", p, err, c.want)
			}
		})
	}
}

func deep(n int) string {
	mail := "Content-Type: text/plain\n\nx\n"
	for i := range n {
		b := strings.Repeat("a", i+1)
		mail = "Content-Type: multipart/mixed; boundary=" + b + "\n\n--" + b + "\n" + mail + "\n--" + b + "--\n"
	}
	return mail
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(withDocument([]byte("%PDF")), "\n", "\r\n")))
	f.Add([]byte("From: =?iso-8859-1?Q?=F8?= <a@b>\r\nContent-Type: multipart/alternative; boundary=\"\"\r\n\r\n--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parse(raw, 0)
		if err != nil {
			return
		}
		if p.fields["id"] == "" {
			t.Error("a mail without id")
		}
		if again, err := parse(raw, -1); err != nil || len(again.documents) != len(p.documents) {
			t.Errorf("%d documents, then %v", len(p.documents), err)
		}
	})
}
