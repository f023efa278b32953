# Stand-in for ROOT's plots, see README.md: draws every histogram of the stand-in files given as arguments as an SVG
# file in qa_plots/, and prints their counts. Variable: prefix of the names of the pictures.

function escape(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  return text
}

$1 == "count" { print $2, $3 }

$1 == "histogram" {
  name = $2
  gsub(/[^A-Za-z0-9_.-]/, "_", name)
  file = "qa_plots/" prefix "_" name ".svg"
  top = 1
  entries = 0
  for (i = 6; i <= NF; i++) {
    entries += $i
    if ($i > top) top = $i
  }
  width = 480 / $3
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 330\" font-family=\"sans-serif\" font-size=\"13\">" > file
  print "<rect width=\"560\" height=\"330\" fill=\"#fff\"/>" > file
  printf "<text x=\"50\" y=\"24\" font-size=\"16\">%s: %d entries</text>\n", escape($2), entries > file
  for (i = 6; i <= NF; i++) {
    height = 240 * $i / top
    printf "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#4878a8\"/>\n", 50 + (i - 6) * width, 280 - height, width * 0.94, height > file
  }
  print "<path d=\"M50 36V280H530\" fill=\"none\" stroke=\"#333\"/>" > file
  printf "<text x=\"50\" y=\"300\">%g</text><text x=\"530\" y=\"300\" text-anchor=\"end\">%g</text>\n", $4, $5 > file
  printf "<text x=\"44\" y=\"48\" text-anchor=\"end\">%d</text><text x=\"44\" y=\"280\" text-anchor=\"end\">0</text>\n", top > file
  print "</svg>" > file
  close(file)
}
