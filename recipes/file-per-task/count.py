# Counts the words of a text.
# Arguments: how many of the most frequent words to print, and the text, or nothing if it is in the file input.txt.
import re
import sys
from collections import Counter

if len(sys.argv) > 2:
    text = sys.argv[2]
else:
    with open("input.txt", encoding="utf-8") as file:
        text = file.read()

words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
with open("words.csv", "w", encoding="utf-8") as table:
    for word, count in words.most_common():
        print(f"{word},{count}", file=table)
frequent = ", ".join(f"{word} {count}" for word, count in words.most_common(int(sys.argv[1])))
print(f"{sum(words.values())} words, {len(words)} different: {frequent}")
