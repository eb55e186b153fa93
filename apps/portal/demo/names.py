"""Common first and last names, from which the people of the demo schools are put together."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WOMEN = {
    "es": _names(
        "Lucía Sofía Martina María Julia Paula Valeria Emma Daniela Carla Alma Olivia Sara Carmen Vega Lara Jimena "
        "Núria Montserrat Begoña Inés Rocío Elena Noa Marta"
    ),
    "it": _names(
        "Giulia Sofia Aurora Alice Ginevra Emma Giorgia Greta Beatrice Anna Chiara Sara Nicole Ludovica Vittoria "
        "Matilde Noemi Francesca"
    ),
    "pl": _names("Zuzanna Julia Maja Zofia Hanna Małgorzata Agnieszka Łucja Oliwia"),
    "sv": _names("Alice Maja Elsa Astrid Åsa Märta Linnéa Ebba"),
}

MEN = {
    "es": _names(
        "Hugo Mateo Martín Leo Daniel Pablo Manuel Alejandro Adrián Álvaro Diego Mario Javier Marcos Izan Joan Íñigo "
        "Jordi Rubén Víctor Sergio Nicolás Gonzalo Andrés Óscar"
    ),
    "it": _names(
        "Niccolò Leonardo Francesco Tommaso Edoardo Alessandro Lorenzo Mattia Gabriele Riccardo Andrea Diego Giuseppe "
        "Antonio Federico Giovanni Samuele Pietro Marco Michele Davide Luca"
    ),
    "pl": _names("Stanisław Jakub Antoni Paweł Łukasz Michał Wojciech Grzegorz"),
    "sv": _names("William Lucas Björn Göran Östen Nils Håkan Axel"),
}

FIRST_NAMES = {language: WOMEN[language] + MEN[language] for language in WOMEN}

LAST_NAMES = {
    "es": _names(
        "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
        "Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano "
        "Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido "
        "Cortés Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz Peña Puig Ibáñez Güell Etxeberria"
    ),
    "it": _names(
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano "
        "Mancini Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone "
        "Longo Gentile Martinelli Vitale Lombardo Serra D'Angelo Nicolò Dell'Acqua"
    ),
    "pl": _names("Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Dąbrowski Król Grabowski"),
    "sv": _names("Andersson Johansson Karlsson Nilsson Eriksson Larsson Åkesson Öberg Sjöström Lindqvist Bäckman"),
}
