"""Two classes as a school's own system writes them: semicolons, Windows letters, siblings, and a row with a mistake."""

HEADINGS = (
    "Número;Nombre;Apellidos;Clase;Nombre tutor 1;Apellidos tutor 1;Correo tutor 1;Teléfono tutor 1;"
    "Nombre tutor 2;Apellidos tutor 2;Correo tutor 2"
)
ROWS = (
    "N-01;Íñigo;Peña Núñez;Girasoles;Begoña;Núñez;begona.nunez@familia.example;;Óscar;Peña;oscar.pena@familia.example",
    "N-02;Aitana;Muñoz Gil;Girasoles;Chus;Gil;chus.gil@familia.example;;;;",
    "N-03;Leo;Castaño Ruiz;Girasoles;Pilar;Ruiz;;600 123 456;;;",
    "N-04;Zoé;Peña Núñez;Amapolas;Begoña;Núñez;begona.nunez@familia.example;;Óscar;Peña;oscar.pena@familia.example",
    "N-05;Martín;Coll Vidal;Amapolas;Núria;Vidal;nuria.vidal@familia.example;;;;",
    "N-06;Ada;Ferrer Mas;Amapolas;Lluís;Ferrer;unknown@ferrer.example;;;;",
    "N-07;Nil;Soto Prat;Amapolas;Marta;Prat;marta(at)familia.example;;;;",
)


def roster() -> bytes:
    return "\r\n".join([HEADINGS, *ROWS, ""]).encode("cp1252")
