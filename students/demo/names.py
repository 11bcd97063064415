"""Names as they meet in one school: first names and family names by where the grandparents came from."""

# ruff: noqa: RUF001 (Turkish has an i without a dot)

NAMES = (
    (
        ("Zoë", "Hélène", "François", "Noé", "Chloé", "Théo", "Anaïs", "Rémi"),
        ("Lefèvre", "D'Aubigny", "Gauthier", "Besançon", "Moreau", "Crête", "Dufour", "Périer"),
    ),
    (
        ("Jürgen", "Lena", "Matthias", "Käthe", "Moritz", "Sabine", "Björn", "Ulrike"),
        ("Müller", "Groß", "Schäfer", "Vogel", "Böhm", "Krüger", "Lindner", "Weiß"),
    ),
    (
        ("Seán", "Aoife", "Niamh", "Liam", "Róisín", "Conor", "Orla", "Declan"),
        ("O'Neill", "Murphy", "O'Brien", "Ní Dhomhnaill", "Byrne", "MacCarthy", "Keane", "D'Arcy"),
    ),
    (
        ("María", "Íñigo", "Lucía", "Martín", "Begoña", "Álvaro", "Inés", "Raúl"),
        ("García López", "Núñez", "Ibáñez", "Muñoz", "de la Cruz", "Peña", "Sáenz", "Ordóñez"),
    ),
    (
        ("João", "Inês", "Gonçalo", "Conceição", "Tomás", "Beatriz", "Simão", "Lívia"),
        ("Silva", "Magalhães", "dos Santos", "Conceição", "Araújo", "Brandão", "Leitão", "Simões"),
    ),
    (
        ("Łukasz", "Zofia", "Michał", "Agnieszka", "Paweł", "Małgorzata", "Staś", "Bożena"),
        ("Wójcik", "Kowalska", "Śliwiński", "Żak", "Błaszczyk", "Dąbrowska", "Zięba", "Sęk"),
    ),
    (
        ("Nguyên", "Thảo", "Đức", "Minh", "Hằng", "Tuấn", "Phượng", "Quân"),
        ("Nguyễn", "Trần", "Phạm", "Đặng", "Võ", "Bùi", "Đỗ", "Lý"),
    ),
    (
        ("Søren", "Åsa", "Bjørn", "Freja", "Håkon", "Ingrid", "Mæja", "Lærke"),
        ("Ångström", "Sørensen", "Østergård", "Lindqvist", "Håland", "Bjørk", "Nygård", "Kjær"),
    ),
    (
        ("Çağla", "Emre", "Gülşen", "İpek", "Oğuz", "Şirin", "Deniz", "Ömer"),
        ("Yılmaz", "Şahin", "Öztürk", "Çelik", "Doğan", "Güneş", "Kılıç", "Ağaoğlu"),
    ),
    (
        ("Amina", "Yusuf", "Layla", "Idris", "Samira", "Khalid", "Noor", "Tariq"),
        ("al-Rashid", "Ben Salah", "El Amrani", "Haddad", "Mansour", "Aït Ali", "Qasim", "Farouk"),
    ),
    (
        ("Chidi", "Ngozi", "Ọlá", "Adaeze", "Kwame", "Abena", "Kofi", "Tendai"),
        ("Okonkwo", "Adéyẹmí", "N'Diaye", "Mensah", "Boateng", "Eze", "Moyo", "Diop"),
    ),
    (
        ("Priya", "Arjun", "Ananya", "Rohan", "Kavya", "Dev", "Meera", "Sanjay"),
        ("Sharma", "Iyer", "Chatterjee", "Reddy", "Nair", "Kulkarni", "Bose", "Menon"),
    ),
    (
        ("Haruka", "Kenji", "Mei-Ling", "Jun-ho", "Yuki", "Xiu", "Soo-jin", "Daichi"),
        ("Satō", "Kobayashi", "Chen", "Park", "Ōno", "Zhang", "Kim", "Itō"),
    ),
    (
        ("Ariadne", "Nikos", "Dragan", "Živa", "Ondřej", "Tereza", "Ádám", "Réka"),
        ("Papadopoulos", "Đorđević", "Novák", "Dvořáková", "Szűcs", "Kovács", "Čapek", "Šimić"),
    ),
)
