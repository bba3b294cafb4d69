package report

var swedish = map[string]string{}
