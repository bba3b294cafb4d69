package report

var finnish = map[string]string{}
