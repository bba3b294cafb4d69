package sample

// topic is what somebody may come to the bank's pages for.
type topic struct {
	share   int // of people who care about it, in percent
	pages   []string
	product string // that the calculator or form at the end of the pages is about
	priced  bool   // it has a calculator
	applies int    // chance that whoever got there sends an application, in percent
	least   int    // amounts, in euro
	most    int
	step    int
}

// The topics; generalTopic is what everybody comes for.
const (
	homes = iota
	cars
	savings
	funds
	cards
	generalTopic
)

var topics = [...]topic{
	homes: {
		share: 18, product: "mortgage", priced: true, applies: 9, least: 60_000, most: 420_000, step: 5_000,
		pages: []string{
			"/lainat", "/lainat/asuntolaina", "/lainat/asuntolaina/korot", "/lainat/asuntolaina/ensiasunto",
			"/lainat/asuntolaina/laskuri",
		},
	},
	cars: {
		share: 8, product: "car_loan", priced: true, applies: 12, least: 4_000, most: 45_000, step: 500,
		pages: []string{"/lainat", "/lainat/autolaina", "/lainat/autolaina/ehdot", "/lainat/autolaina/laskuri"},
	},
	savings: {
		share: 40, product: "savings", applies: 4,
		pages: []string{"/saastot", "/saastot/asp", "/saastot/maaraaikainen", "/saastot/tavoite"},
	},
	funds: {
		share: 24, product: "fund", applies: 4,
		pages: []string{
			"/rahastot", "/rahastot/pohjola", "/rahastot/maailma", "/rahastot/korko", "/rahastot/metsa", "/rahastot/kiinteisto",
			"/rahastot/kasvu", "/rahastot/osinko", "/rahastot/ilmasto", "/rahastot/itameri",
		},
	},
	cards: {
		share: 30, product: "card", applies: 5,
		pages: []string{"/kortit", "/kortit/credit", "/kortit/debit", "/hinnasto"},
	},
	generalTopic: {
		pages: []string{
			"/", "/hinnasto", "/asiakaspalvelu", "/ajankohtaista", "/konttorit", "/turvallisuus", "/maksuvaikeudet",
		},
	},
}

// homesSite is where the partner sells homes.
const homesSite = "https://homes.example/"

var (
	searches = []string{
		"https://www.search.example/?q=asuntolaina", "https://www.search.example/?q=saastotili",
		"https://www.search.example/?q=rahasto", "https://www.search.example/?q=luottokortti",
		"https://www.search.example/?q=pankki",
	}
	neighbours = []string{
		"https://news.example/talous", "https://forum.example/raha", "https://cars.example/vaihtoautot",
		"https://www.homes.example/",
	}
	cities = []string{"Helsinki", "Espoo", "Tampere", "Vantaa", "Oulu", "Turku"}
)

// hours says how visits spread over a local day: chances per hour, in thousandths.
var hours = [24]int{6, 3, 2, 2, 3, 8, 24, 45, 62, 60, 56, 58, 62, 55, 52, 52, 54, 58, 66, 76, 80, 66, 36, 14}
