package platform

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"

	"filippo.io/age"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/rules"
)

// benchMembers is how many members the benchmarks have: 100,000, or MALGRUPP_MEMBERS.
func benchMembers(b *testing.B) int {
	b.Helper()
	text := os.Getenv("MALGRUPP_MEMBERS")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// benchRow is an invented customer as banks store them.
func benchRow(i int) Contact {
	first := []string{"Aino", "Väinö", "Liv", "Anna Maria", "Erik", "Åsa"}[i%6]
	last := []string{"Virtanen", "Mäkelä", "Bäckström-Lind", "Korhonen", "Öberg"}[i%5]
	return Contact{
		Email: fmt.Sprintf("%s.person%07d@example.com", []string{"Aino", "liv", "erik", "anna"}[i%4], i),
		Phone: fmt.Sprintf("040 %07d", i%10_000_000), FirstName: first, LastName: last, Country: "FI",
		PostalCode: fmt.Sprintf("%05d", 100+i%90_000),
	}
}

func benchPeople(n int) (out []someone) {
	for i := range n {
		out = append(out, someone{fmt.Sprintf("customer-%07d", i), []Contact{benchRow(i)}})
	}
	return out
}

// BenchmarkHashesOfMillionMembers is the floor: SHA-256 alone over the normal forms of four identifiers of each member.
func BenchmarkHashesOfMillionMembers(b *testing.B) {
	n := benchMembers(b)
	google, _ := identifier.ProfileOf("google.v1")
	var normal [][]byte
	for i := range n {
		row := benchRow(i)
		for _, c := range []Column{Email, Phone, FirstName, LastName} {
			text, reason := google.Normal(fields[c], row[c], "FI")
			if reason != identifier.Accepted {
				b.Fatalf("%s is refused: %v", c, reason)
			}
			normal = append(normal, []byte(text))
		}
	}
	var sink byte
	for b.Loop() {
		for _, text := range normal {
			h := sha256.Sum256(text)
			sink ^= h[0]
		}
	}
	perMember(b, n)
	_ = sink
}

// BenchmarkListOfMillionMembers joins, writes and encrypts an addition for Google with all identifiers of each member.
func BenchmarkListOfMillionMembers(b *testing.B) {
	n := benchMembers(b)
	people := benchPeople(n)
	s := source("google_data_manager", "", allColumns, plainTable(rules.CustomerLevel, "", people...))
	s.Workers = runtime.GOMAXPROCS(0)
	a := audience(b, ids(people), rules.CustomerLevel)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		adds, dropped := Members(a, s)
		if adds.Len() != n || dropped.People != 0 {
			b.Fatalf("%d of %d members are told", adds.Len(), n)
		}
		encrypted, err := age.Encrypt(io.Discard, key.Recipient())
		if err != nil {
			b.Fatal(err)
		}
		l := List{Segment: "savers", Action: Adds, Consent: adds.Consent(), Send: s.Send, Entries: adds.Entries()}
		if err := s.Part.Write(encrypted, l); err != nil {
			b.Fatal(err)
		}
		if err := encrypted.Close(); err != nil {
			b.Fatal(err)
		}
	}
	perMember(b, n)
}

func perMember(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/member")
}
