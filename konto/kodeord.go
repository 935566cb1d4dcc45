package konto

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/moxkit/mox"
)

// Limits on a password, in characters. Its strength is that of zxcvbn, 0 to 4: under 3 it is one of the commonest, or is put
// together of names, words, dates or keyboard rows that are guessed first.
const (
	MindsteKodeord = 12
	MaksKodeord    = 128
	mindsteStyrke  = 3
)

// NytKodeord makes a password that can be read aloud and typed: 20 letters and digits that are not taken for each other, in
// groups of five; 99 bits.
func NytKodeord() string {
	const tegn = "abcdefghjkmnpqrstuvwxyz23456789"
	var ud strings.Builder
	for i := range 20 {
		if i > 0 && i%5 == 0 {
			ud.WriteByte('-')
		}
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(tegn)))) // documented never to fail with this reader
		ud.WriteByte(tegn[n.Int64()])
	}
	return ud.String()
}

// plan is what an argon2id hash costs. RFC 9106, section 4; the figures are those OWASP recommends where many may log in at
// once: 19 MiB, two passes, one thread.
type plan struct {
	hukommelse  uint32 // KiB
	gennemloeb  uint32
	traade      uint8
	salt, noegl int // bytes
}

func gaeldendePlan() plan {
	return plan{hukommelse: 19 * 1024, gennemloeb: 2, traade: 1, salt: 16, noegl: 32}
}

// What is read back is not allowed to cost more than this, whatever stands in the database.
const (
	maksHukommelse = 1 << 20 // KiB
	maksGennemloeb = 64
)

// hash is a password as it is kept, in PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func (p plan) hash(kodeord string) string {
	salt := make([]byte, p.salt)
	_, _ = rand.Read(salt) // documented never to fail
	return p.phc(salt, p.noegle(kodeord, salt))
}

func (p plan) noegle(kodeord string, salt []byte) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(kodeord)), salt, p.gennemloeb, p.hukommelse, p.traade, uint32(p.noegl))
}

func (p plan) phc(salt, hash []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.hukommelse, p.gennemloeb, p.traade, b.EncodeToString(salt), b.EncodeToString(hash))
}

// attrap is a hash that no password has: whoever names no account waits as long as one who names one.
func (p plan) attrap() string {
	b := make([]byte, p.salt+p.noegl)
	_, _ = rand.Read(b)
	return p.phc(b[:p.salt], b[p.salt:])
}

// laesPHC reads a hash with the plan it was made by.
func laesPHC(s string) (p plan, salt, hash []byte, err error) {
	led := strings.Split(s, "$")
	if len(led) != 6 || led[0] != "" || led[1] != "argon2id" || led[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, fmt.Errorf("konto: a hash of another form")
	}
	if _, err = fmt.Sscanf(led[3], "m=%d,t=%d,p=%d", &p.hukommelse, &p.gennemloeb, &p.traade); err != nil {
		return p, nil, nil, fmt.Errorf("konto: the hash's parameters: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(led[4]); err != nil {
		return p, nil, nil, fmt.Errorf("konto: the hash's salt: %w", err)
	}
	if hash, err = base64.RawStdEncoding.DecodeString(led[5]); err != nil {
		return p, nil, nil, fmt.Errorf("konto: the hash: %w", err)
	}
	p.salt, p.noegl = len(salt), len(hash)
	if p.hukommelse < 8 || p.hukommelse > maksHukommelse || p.gennemloeb < 1 || p.gennemloeb > maksGennemloeb || p.traade < 1 || p.salt < 8 || p.noegl < 16 {
		return p, nil, nil, fmt.Errorf("konto: the hash's parameters are out of range")
	}
	return p, salt, hash, nil
}

// passer reports whether kodeord is the one of the hash, and whether the hash is of another plan than p, so that it is to be
// made anew.
func (p plan) passer(phc, kodeord string) (ok, forael bool, err error) {
	q, salt, hash, err := laesPHC(phc)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(q.noegle(kodeord, salt), hash) == 1
	return ok, q != p, nil
}

// danske are words that a dictionary of English does not have, and that are guessed first here.
func danske() []string {
	return []string{"mox", "kommune", "kommunen", "borger", "kodeord", "adgangskode", "hemmelig", "velkommen", "danmark", "foråret", "sommer", "efterår", "vinter", "januar", "februar", "marts", "april",
		"maj", "juni", "juli", "august", "september", "oktober", "november", "december", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "fodbold", "kærlighed", "jegelskerdig", "sagsbehandler"}
}

// kontroller refuses a password that is too short, too long or guessed too soon. Nothing of it is in the error.
func kontroller(kodeord, navn string) error {
	n := utf8.RuneCountInString(kodeord)
	tekst, raad := "", "vælg fx fire ord, der ikke hører sammen"
	switch {
	case !utf8.ValidString(kodeord) || strings.ContainsAny(kodeord, "\x00\r\n"):
		tekst = "kodeordet har tegn, der ikke kan skrives"
	case n < MindsteKodeord:
		tekst = fmt.Sprintf("kodeordet er på %d tegn; mindst %d", n, MindsteKodeord)
	case n > MaksKodeord:
		tekst = fmt.Sprintf("kodeordet er på %d tegn; højst %d", n, MaksKodeord)
	case zxcvbn.PasswordStrength(kodeord, append(strings.Fields(navn), append(danske(), navn)...)).Score < mindsteStyrke:
		tekst = "kodeordet er for let at gætte"
	default:
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "kodeord", Tekst: tekst, Raad: raad, Felter: []mox.Feltfejl{{Sti: "kodeord", Regel: "kodeord", Tekst: tekst}}}
}
