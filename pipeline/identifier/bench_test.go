package identifier

import (
	"crypto/sha256"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name, profile  string
		field          Field
		value, country string
	}{
		{"email", "google.v1", Email, "Firstname.Lastname@example.com", ""},
		{"email-gmail", "google.v1", Email, "Firstname.Lastname+x@gmail.com", ""},
		{"email-meta", "meta.v1", Email, "Firstname.Lastname@example.com", ""},
		{"email-uid2", "uid2.v1", Email, "Firstname.Lastname@example.com", ""},
		{"email-wide", "google.v1", Email, "Förnamn.Lastname@example.com", ""},
		{"phone-e164", "google.v1", Phone, "+358405550123", ""},
		{"phone-national", "google.v1", Phone, "040 555 0123", "FI"},
		{"phone-library", "google.v1", Phone, "+390655501234", ""},
		{"phone-refused", "google.v1", Phone, "40 555 0123", "FI"},
		{"given-name", "google.v1", GivenName, "Anna Maria", ""},
		{"family-name", "google.v1", FamilyName, "Lindholm", ""},
		{"family-name-wide", "google.v1", FamilyName, "Mäkelä", ""},
		{"family-name-meta", "meta.v1", FamilyName, "Beck-Lindholm", ""},
		{"country", "google.v1", Country, "FI", ""},
		{"country-meta", "meta.v1", Country, "FI", ""},
		{"postal-code", "google.v1", PostalCode, "00500", "FI"},
		{"postal-code-meta", "meta.v1", PostalCode, "00500", "FI"},
		{"city", "meta.v1", City, "Helsinki", ""},
		{"birth-date", "meta.v1", BirthDate, "1999-12-31", ""},
		{"gender", "meta.v1", Gender, "Female", ""},
		{"idfa", "google.v1", IDFA, "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", ""},
		{"aaid-hashed", "tiktok.v1", AAID, "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			p, _ := ProfileOf(c.profile)
			dst := make([]byte, 0, 128)
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = p.Append(dst[:0], c.field, c.value, c.country)
			}
		})
	}
}

// BenchmarkMember is one person as Google is sent them, beside the bare SHA-256 of the same four identifiers.
func BenchmarkMember(b *testing.B) {
	values := []struct {
		field Field
		value string
	}{
		{Email, "Firstname.Lastname@example.com"},
		{Phone, "040 555 0123"},
		{GivenName, "Anna Maria"},
		{FamilyName, "Mäkelä"},
		{Country, "FI"},
		{PostalCode, "00500"},
	}
	b.Run("append", func(b *testing.B) {
		p, _ := ProfileOf("google.v1")
		dst := make([]byte, 0, 1024)
		b.ReportAllocs()
		for b.Loop() {
			dst = dst[:0]
			for _, v := range values {
				dst, _ = p.Append(dst, v.field, v.value, "FI")
			}
		}
	})
	b.Run("sha256-alone", func(b *testing.B) {
		var texts [4][]byte
		for i := range texts {
			texts[i] = []byte(values[i].value)
		}
		var sum [sha256.Size]byte
		b.ReportAllocs()
		for b.Loop() {
			for _, text := range texts {
				sum = sha256.Sum256(text)
			}
		}
		_ = sum
	})
}
